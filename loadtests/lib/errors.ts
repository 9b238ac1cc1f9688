/** One class for all packages: the program that calls tells a person's error from a bug by it. */
export { exitWith as failWith, UserError } from "@media/drills/errors";
