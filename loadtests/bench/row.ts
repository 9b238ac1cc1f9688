/** A figure: it must not be above `bound`, or not below `atLeast`. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly bound?: number;
  readonly atLeast?: number;
}
