/** Bounds retries: while all calls fail, retries stay a small share of them. */
export interface Budget {
  earn(): void;
  /** Whether there was one left, which is then spent. */
  take(): boolean;
}

export function createBudget({ burst, perCall }: { burst: number; perCall: number }): Budget {
  let left = burst;
  return {
    earn() {
      left = Math.min(burst, left + perCall);
    },
    take() {
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
