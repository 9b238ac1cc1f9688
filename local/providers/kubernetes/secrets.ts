import { hasSecret, isMap, isSecret, mapAt, mapValues, type Props, secret, unwrap } from "../lib/values.ts";
import { isSecretKind } from "./normalize.ts";

/** Values below these keys of a Secret are secret whether the program marked them or not. */
const SECRET_DATA = new Set(["data", "stringData"]);

/** `values` with everything marked secret that was secret in `inputs`. */
export function markSecrets(values: Props, inputs: Props): Props {
  const hidden = hasSecret(inputs) ? markBy(values, withDataFromStringData(inputs)) : values;
  return isSecretKind(unwrap(values) as Props) ? markSecretData(hidden) : hidden;
}

/** A map is followed key by key; anything else that held a secret is secret as a whole, lists too. */
function markBy(values: Props, inputs: Props): Props {
  return mapValues(values, (value, key) => {
    const input = Object.hasOwn(inputs, key) ? inputs[key] : undefined;
    if (input === undefined || !hasSecret(input)) return value;
    if (isSecret(input) || !isMap(input) || !isMap(value)) return secret(value);
    return markBy(value, input);
  });
}

/** The text of `stringData` arrives in `data`, and takes its mark along. */
function withDataFromStringData(inputs: Props): Props {
  const stringData = inputs.stringData;
  if (stringData === undefined || !hasSecret(stringData)) return inputs;
  if (isSecret(stringData)) return { ...inputs, data: stringData };
  return { ...inputs, data: { ...mapAt(inputs, "data"), ...mapAt(inputs, "stringData") } };
}

function markSecretData(values: Props): Props {
  return mapValues(values, (value, key) => (SECRET_DATA.has(key) && value !== null ? secret(unwrap(value)) : value));
}
