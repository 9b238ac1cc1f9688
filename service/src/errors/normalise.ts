const MAX_MESSAGE = 300;

/** A quoted word after one of these names a part of our program or schema; any other quoted text may be a user's. */
const NAMED =
  /\b(relation|column|table|view|index|constraint|function|type|schema|sequence|trigger|extension|role|database|parameter|property|reading|setting|module|package|method|operator) (["'`])([A-Za-z_$][\w$.@/-]*)\2/g;
/** Stands for the quotation marks of a name while the rest is taken out. */
const [OPEN, CLOSE] = ["\u0001", "\u0002"];

/** What differs between two occurrences of one error, in the order in which it is taken out. */
const VARIABLE: [RegExp, string][] = [
  [/(?<!\w)(["'`])(?:(?!\1).)*\1(?!\w)/g, "<text>"],
  [/[a-z][a-z0-9+.-]*:\/\/[^\s"'`)]+/gi, "<url>"],
  [/[^\s"<>(),:;@]+@[\w-]+(\.[\w-]+)+/g, "<email>"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?/g, "<time>"],
  [/(?<![\w.])\d{1,3}(\.\d{1,3}){3}(:\d+)?(?![\w.])/g, "<address>"],
  [/(?<![\w:])[0-9a-f:]*::[0-9a-f:]*(?!\w)/gi, "<address>"],
  [/(?<![\w<])(?:[A-Za-z]:)?[/\\][^\s:,;"'`)\]]+/g, "<path>"],
  // UUIDs, hexadecimal and other opaque text (a word this long with a digit in it is no word), and numbers.
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>"],
  [/(?<![\w-])(?=[\w-]*\d)[\w-]{16,}(?![\w-])/g, "<id>"],
  [/-?\d+(?:[.,]\d+)*/g, "<id>"],
];

/** The part of a message that is the program's and not its data's. */
export function normaliseMessage(message: string): string {
  const named = message.slice(0, 4 * MAX_MESSAGE).replace(NAMED, `$1 ${OPEN}$3${CLOSE}`);
  const bare = VARIABLE.reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), named);
  return bare.replaceAll(OPEN, "'").replaceAll(CLOSE, "'").replace(/\s+/g, " ").trim().slice(0, MAX_MESSAGE);
}

/** What PostgreSQL can keep of a text: a cut may have gone through a surrogate pair, and a message may hold anything. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

const MAX_FRAMES = 5;
/** `at async Type.method [as alias] (file:///where.ts:1:2)`, or without the parentheses where the function has no name. */
const FRAME =
  /^\s+at (?:async )?(?:(.+?) (?:\[as .+?\] )?\()?((?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]*?)(?::\d+)?(?::\d+)?\)?$/;

/**
 * The functions through which an error came. Of our own code those nearest to it, without their lines, which every edit
 * moves; of a dependency only its name, and only where it threw.
 */
export function normaliseStack(stack: string | undefined): string[] {
  const frames = (stack ?? "")
    .split("\n")
    .map((line) => FRAME.exec(line))
    .filter((match) => match !== null)
    .map(([, name = "<anonymous>", place = ""]) => ({ name, place: place.replaceAll("\\", "/") }))
    .filter(({ place }) => !place.startsWith("node:"));
  const own = frames.filter(({ place }) => packageOf(place) === undefined);
  const thrownIn = frames[0] && packageOf(frames[0].place);
  return [
    ...(thrownIn ? [thrownIn] : []),
    ...own.slice(0, MAX_FRAMES).map(({ name, place }) => `${name} (${moduleOf(place)})`),
  ];
}

/** The dependency that a file belongs to; undefined for our own. */
function packageOf(place: string): string | undefined {
  const inside = place.split("/node_modules/").at(-1) as string;
  return inside === place ? undefined : /^(@[^/]+\/)?[^/]+/.exec(inside)?.[0];
}

/** Our own file, wherever the service is installed. */
function moduleOf(place: string): string {
  return /(?:^|\/)((?:src|test)\/[^?]*)/.exec(place)?.[1] ?? (place.split("/").at(-1) as string);
}
