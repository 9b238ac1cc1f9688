interface Settings {
  standby_cluster?: unknown;
}

/**
 * What a change of Patroni's shared settings does to a database that follows another stack, or is to: neither is taken back by
 * taking the change back. Undefined for every other change.
 */
export function turnOf(before: Record<string, unknown>, after: Record<string, unknown>): string | undefined {
  const [was, is] = [settingsOf(before), settingsOf(after)];
  if (!was || !is) return undefined;
  const [followed, follows] = [Boolean(was.standby_cluster), Boolean(is.standby_cluster)];
  if (followed === follows) return undefined;
  return follows
    ? "the stack would follow another one; its database refuses that, for it has data of its own, while app and recovery are taken down"
    : "the database is promoted: it takes writes on a timeline of its own, and what its source takes from then on is not in it";
}

function settingsOf({ kind, data }: Record<string, unknown>): Settings | undefined {
  const text = (data as Record<string, unknown> | undefined)?.["shared.json"];
  return kind === "ConfigMap" && typeof text === "string" ? (JSON.parse(text) as Settings) : undefined;
}
