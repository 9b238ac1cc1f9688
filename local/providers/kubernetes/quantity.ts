import { isMap, isUnknown, mapValues, type Props, type Value } from "../lib/values.ts";

/**
 * Quantities in the form the API server stores them (k8s.io/apimachinery `resource.Quantity.String`): mostly the largest suffix of the
 * given kind that leaves a whole number. Without this every `cpu: "1000m"` would differ from the live "1" for ever.
 */

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const MILLI = DECIMAL.indexOf("m");
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;
/** All arithmetic is in thousandths: the API server rounds finer values up (`SetDefaults_ResourceList`). */
const UNIT = 1000n;

/** The canonical text of a quantity; anything that is not one is returned as it is. */
export function canonicalQuantity(value: Value): Value {
  if (typeof value !== "number" && typeof value !== "string") return value;
  const match = PATTERN.exec(String(value));
  if (!match || (!match[2] && !match[3])) return value;
  const [, sign, whole = "", fraction = "", binary, suffix = "", exponent] = match;
  if (isKept(whole, fraction, binary, suffix, exponent)) return String(value);
  const digits = BigInt(`${whole}${fraction}`);
  const [factor, divisor] = scale(binary, suffix, exponent, fraction.length);
  const exact = ceilDivide(digits * factor * UNIT, divisor);
  const milli = binary && exact > MOST * UNIT ? MOST * UNIT : exact;
  const text = binary ? binaryText(milli) : exponent === undefined ? decimalText(milli) : exponentText(milli);
  return sign === "-" && milli !== 0n ? `-${text}` : text;
}

/** A binary quantity is cut to what an int64 holds. */
const MOST = 2n ** 63n - 1n;
/** How many digits the server reads without big numbers, with a decimal and a binary suffix. */
const [DECIMAL_DIGITS, BINARY_DIGITS] = [18, 14];

/**
 * The server keeps some spellings as they are written, such as "1.500", "1E3", "+1" and "01": those that it reads into an int64 and holds
 * for canonical by their digits alone (`ParseQuantity`, "if the number is in canonical form, reuse the string"). Of those that are finer
 * than a thousandth, a list of resources keeps none (`RoundUp`).
 */
function isKept(
  whole: string,
  fraction: string,
  binary: string | undefined,
  suffix: string,
  exponent: string | undefined,
): boolean {
  const number = whole.replace(/^0+/, "") || "0";
  if (binary) {
    const bits = 10 * BINARY.indexOf(binary);
    if (fraction !== "" || number.length + Math.floor(bits * 0.3) > BINARY_DIGITS) return false;
    return Number(number) % 8 !== 0;
  }
  const digits = number + fraction;
  const power = (exponent === undefined ? 3 * (DECIMAL.indexOf(suffix) - 3) : Number(exponent)) - fraction.length;
  if (digits.length > DECIMAL_DIGITS || power < -3 || power % 3 !== 0) return false;
  return !digits.endsWith("000") && !digits.startsWith("0");
}

function scale(
  binary: string | undefined,
  suffix: string,
  exponent: string | undefined,
  decimals: number,
): [bigint, bigint] {
  const divisor = 10n ** BigInt(decimals);
  if (binary) return [1024n ** BigInt(BINARY.indexOf(binary)), divisor];
  const power = exponent === undefined ? 3 * (DECIMAL.indexOf(suffix) - 3) : Number(exponent);
  return power >= 0 ? [10n ** BigInt(power), divisor] : [1n, divisor * 10n ** BigInt(-power)];
}

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

function binaryText(milli: bigint): string {
  // A binary quantity below 1024, or with a fraction, is written with decimal suffixes.
  if (milli < 1024n * UNIT || milli % UNIT !== 0n) return decimalText(milli);
  let value = milli / UNIT;
  let step = 0;
  while (step < BINARY.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    step++;
  }
  return `${value}${BINARY[step]}`;
}

function decimalText(milli: bigint): string {
  const [value, step] = divideOut(milli);
  return milli === 0n ? "0" : `${value}${DECIMAL[step]}`;
}

function exponentText(milli: bigint): string {
  const [value, step] = divideOut(milli);
  const power = 3 * (step - 3);
  return milli === 0n ? "0" : power === 0 ? `${value}` : `${value}e${power}`;
}

/** Takes out factors of a thousand; answers what is left and the index of its suffix. */
function divideOut(milli: bigint): [bigint, number] {
  let value = milli;
  let step = MILLI;
  while (step < DECIMAL.length - 1 && value !== 0n && value % 1000n === 0n) {
    value /= 1000n;
    step++;
  }
  return [value, step];
}

/** Map keys whose entries are all quantities, wherever they stand in a built-in object. */
const QUANTITY_MAPS = new Set([
  "requests",
  "limits",
  "capacity",
  "allocatable",
  "hard",
  "overhead",
  "podFixed",
  "max",
  "min",
  "default",
  "defaultRequest",
  "maxLimitRequestRatio",
]);
/** Keys whose own value is a quantity. */
const QUANTITIES = new Set(["sizeLimit", "divisor", "averageValue", "maximumVolumeSize"]);
/** Maps of free text, in which a key may be named like a quantity without being one. */
const FREE_TEXT = new Set([
  "annotations",
  "labels",
  "matchLabels",
  "data",
  "stringData",
  "binaryData",
  "nodeSelector",
  "parameters",
]);

/** A built-in object with every quantity in canonical form. */
export function canonicalQuantities(value: Value, key = ""): Value {
  if (Array.isArray(value)) return value.map((item) => canonicalQuantities(item));
  if (QUANTITIES.has(key)) return canonicalQuantity(value);
  if (!isMap(value) || FREE_TEXT.has(key)) return value;
  if (QUANTITY_MAPS.has(key)) return mapValues(value, (item) => (isUnknown(item) ? item : canonicalQuantity(item)));
  return mapValues(value, (item, name) => canonicalQuantities(item, name)) as Props;
}
