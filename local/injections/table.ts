import { type Entry, replayed } from "./injection.ts";
import { JOBS } from "./jobs.ts";
import { POSTGRES } from "./postgres.ts";
import { REDIS } from "./redis.ts";
import { TRAFFIC } from "./traffic.ts";
import { WORKLOADS } from "./workloads.ts";

const DAYS = "it compares with days before, which a stack of an hour does not have";
const MACHINE = "the machine is shared: filling its disk, memory or cores for minutes harms who else works on it";
const BROWSERS = "it needs an hour of slow pages in many browsers; sending made-up reports would be no fault";

/**
 * Every alert: by which fault it is raised on a running stack, or why only recorded series raise it. In the order in which
 * `make soak ONLY=injections` goes through them: what must not see others' traffic comes first, what takes everything away last.
 */
export const INJECTIONS: Readonly<Record<string, Entry>> = {
  ErrorsAtLowTraffic: TRAFFIC.ErrorsAtLowTraffic,
  ...JOBS,
  ...REDIS,
  IdleInTransaction: POSTGRES.IdleInTransaction,
  QueryRunsLong: POSTGRES.QueryRunsLong,
  ArchiveDelayed: POSTGRES.ArchiveDelayed,
  WalPilesUp: POSTGRES.WalPilesUp,
  ReplicaBehind: POSTGRES.ReplicaBehind,
  DatabaseRestartPending: POSTGRES.DatabaseRestartPending,
  PodNotReady: WORKLOADS.PodNotReady,
  PodRestarts: WORKLOADS.PodRestarts,
  TargetDown: WORKLOADS.TargetDown,
  NodeRequestsHigh: WORKLOADS.NodeRequestsHigh,
  OutsideServiceDown: TRAFFIC.OutsideServiceDown,
  OutsideServiceSlow: TRAFFIC.OutsideServiceSlow,
  NotificationsFail: TRAFFIC.NotificationsFail,
  QueueDelayed: TRAFFIC.QueueDelayed,
  LoginsRefused: TRAFFIC.LoginsRefused,
  TokensInvalid: TRAFFIC.TokensInvalid,
  RightsProbed: TRAFFIC.RightsProbed,
  ClientErrorsMany: TRAFFIC.ClientErrorsMany,
  DataReadInBulk: TRAFFIC.DataReadInBulk,
  SlowQueriesMany: POSTGRES.SlowQueriesMany,
  QueryTimeHigh: POSTGRES.QueryTimeHigh,
  ResponseTimeHigh: POSTGRES.ResponseTimeHigh,
  LatencyBudgetBurnsFast: POSTGRES.LatencyBudgetBurnsFast,
  LatencyBudgetBurnsSlowly: POSTGRES.LatencyBudgetBurnsSlowly,
  ErrorRateHigh: TRAFFIC.ErrorRateHigh,
  ErrorBudgetBurnsFast: TRAFFIC.ErrorBudgetBurnsFast,
  ErrorBudgetBurnsSlowly: TRAFFIC.ErrorBudgetBurnsSlowly,
  ServiceDown: WORKLOADS.ServiceDown,
  RedisDown: WORKLOADS.RedisDown,
  DatabaseDown: WORKLOADS.DatabaseDown,

  Watchdog: replayed("it always fires: there is no fault that raises it"),
  NodeCpuHigh: replayed(MACHINE),
  NodeMemoryHigh: replayed(MACHINE),
  NodeDiskHigh: replayed(MACHINE),
  NodeDiskFull: replayed(MACHINE),
  DiskFillsSoon: replayed(MACHINE),
  EventLoopBusy: replayed(
    "a process would have to be kept busy for ten minutes, and its liveness probe ends it before",
  ),
  ErrorGroupNew: replayed("an error is new only once: a second run on the same stack would not see it"),
  DatabaseConnectionsHigh: replayed(
    "the sessions that it takes would not fit into the memory of the smallest tier's member",
  ),
  ConnectionsRunOut: replayed("the sessions that it takes would not fit into the memory of the smallest tier's member"),
  DatabaseVolumeHigh: replayed(
    "on the embedded cluster volumes are folders of the machine's disk: 4 GiB of rows, of each member",
  ),
  ArchiveDropped: replayed("a gigabyte of log would be dropped, and no time after it could be restored on that stack"),
  StandbyStackBehind: replayed("it takes a second stack that follows this one's store"),
  StandbyCutOff: replayed(
    "a member without network is not scraped, and one with it is brought back by Patroni within its wait",
  ),
  RulesFail: replayed(
    "a rule that cannot be evaluated would have to be loaded into Prometheus, which has its rules from a file",
  ),
  CertificateExpires: replayed("a certificate that ends soon is a year of waiting, or another authority"),
  QueueGrows: replayed("the forecast needs half an hour of a queue that grows to a thousand jobs"),
  HeapGrows: replayed(DAYS),
  TrafficUnusual: replayed(DAYS),
  ResponseTimeUnusual: replayed(DAYS),
  RequestsUnusual: replayed(DAYS),
  EgressUnusual: replayed(DAYS),
  ResponseTimeWorsens: replayed(DAYS),
  RequestsFall: replayed(DAYS),
  LargestPaintSlow: replayed(BROWSERS),
  InteractionSlow: replayed(BROWSERS),
};
