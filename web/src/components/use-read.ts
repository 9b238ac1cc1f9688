"use client";
import { useCallback, useEffect, useState } from "react";
import { read } from "../lib/api.ts";

export interface Reading<T> {
  data: T | undefined;
  /** Why the last read failed. With `data`, what is shown is older than it should be. */
  error: unknown;
  reload(): void;
}

/** Reads a list or object when the page opens. After a failure what was read before stays. */
export function useRead<T>(path: string, when = true): Reading<T> {
  const [data, setData] = useState<T>();
  const [error, setError] = useState<unknown>();
  const reload = useCallback(() => {
    if (!when) return;
    read<T>(path).then((found) => {
      setData(found);
      setError(undefined);
    }, setError);
  }, [path, when]);
  useEffect(reload, [reload]);
  return { data, error, reload };
}
