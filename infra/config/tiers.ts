/**
 * A workload whose number of pods follows the load. `replicas`: how many there are at least; `maxReplicas`: up to how many the
 * autoscaler goes. `cpuTargetMilli`: mean CPU of a pod, in thousandths of a core, above which it adds pods.
 */
export interface Scaled {
  replicas: number;
  maxReplicas: number;
  cpuTargetMilli: number;
  memoryMi: number;
}

/** Sizes of a stack. `Mi` is mebibytes of memory or disk, `Gi` gibibytes of disk; a memory size is the limit. */
export interface Tier {
  /** `maintenanceHours`: when members may be restarted for a setting that needs it, in UTC: "2-4" is from 2 until 4. */
  postgres: {
    members: number;
    memoryMi: number;
    sharedBuffersMi: number;
    maxConnections: number;
    volumeGi: number;
    maintenanceHours: string;
  };
  pgbouncer: { replicas: number; poolSize: number; maxClients: number };
  redisCache: { memoryMi: number };
  redisState: { members: number; sentinels: number; memoryMi: number; volumeGi: number };
  /**
   * `poolMax`: connections of one pod to each of the database's two pools, the primary's and the replicas'.
   * `requestsTarget`: requests per second and pod above which the autoscaler adds pods; `queueAgeTargetSeconds`: how late the
   * oldest job may be before it does.
   */
  api: Scaled & { requestsTarget: number; poolMax: number };
  worker: Scaled & { queueAgeTargetSeconds: number; poolMax: number };
  gateway: Scaled & { requestsTarget: number };
  web: Scaled & { requestsTarget: number };
  doubles: { replicas: number; memoryMi: number };
  /**
   * `scaleOutMost`: most pods that the responder may have of a Deployment while an incident lasts; `volumeMostGi`: to how much
   * it may expand the volumes of PostgreSQL's members.
   */
  responder: {
    memoryMi: number;
    spoolGi: number;
    scaleOutMost: { api: number; worker: number };
    volumeMostGi: { postgres: number };
  };
  prometheus: { memoryMi: number; volumeGi: number; retentionHours: number; scrapeIntervalSeconds: number };
  pushgateway: { memoryMi: number; volumeGi: number };
  alertmanager: { memoryMi: number; volumeGi: number };
  grafana: { memoryMi: number };
  loki: { memoryMi: number; volumeGi: number; retentionHours: number };
  jaeger: { memoryMi: number; volumeGi: number; retentionHours: number };
  collector: { replicas: number; memoryMi: number };
  /** Full backups of the database: how often, and how many are kept. */
  backup: { everyHours: number; keep: number };
  /** Proofs of the newest backup: at each new one, and again after so many hours. */
  restoreProof: { everyHours: number; memoryMi: number };
  /** Recovery drills on a database of their own: five fields of cron, in UTC; at least one a day. */
  continuousDrill: { cron: string };
}

/**
 * A pod uses one core at most, and a new one takes traffic 20 s after it was asked for: what is left until then has to carry
 * the load that grows meanwhile.
 */
const CPU_TARGET_MILLI = 400;
/**
 * Requests per second and pod at which a pod is at about its target of CPU. Where requests cost more than usual CPU comes
 * first; where they wait and cost little, this does.
 */
const REQUESTS = { api: 50, web: 50, gateway: 400 } as const;
/** A request for media is usually at Overseerr within a second: half a minute late is a backlog. */
const QUEUE_AGE_SECONDS = 30;

const pods = (replicas: number, maxReplicas: number) => ({
  replicas,
  maxReplicas,
  cpuTargetMilli: CPU_TARGET_MILLI,
});
const api = (replicas: number, most: number) => ({ ...pods(replicas, most), requestsTarget: REQUESTS.api });
const web = (replicas: number, most: number) => ({ ...pods(replicas, most), requestsTarget: REQUESTS.web });
const gateway = (replicas: number, most: number) => ({ ...pods(replicas, most), requestsTarget: REQUESTS.gateway });
const worker = (replicas: number, most: number) => ({
  ...pods(replicas, most),
  queueAgeTargetSeconds: QUEUE_AGE_SECONDS,
});

const small: Tier = {
  postgres: {
    members: 2,
    memoryMi: 512,
    sharedBuffersMi: 64,
    maxConnections: 60,
    volumeGi: 5,
    maintenanceHours: "0-24",
  },
  pgbouncer: { replicas: 1, poolSize: 10, maxClients: 500 },
  redisCache: { memoryMi: 96 },
  redisState: { members: 1, sentinels: 1, memoryMi: 96, volumeGi: 1 },
  api: { ...api(1, 3), memoryMi: 384, poolMax: 6 },
  worker: { ...worker(1, 2), memoryMi: 384, poolMax: 4 },
  gateway: { ...gateway(1, 2), memoryMi: 96 },
  web: { ...web(2, 3), memoryMi: 256 },
  doubles: { replicas: 1, memoryMi: 256 },
  responder: { memoryMi: 192, spoolGi: 1, scaleOutMost: { api: 2, worker: 2 }, volumeMostGi: { postgres: 10 } },
  prometheus: { memoryMi: 512, volumeGi: 5, retentionHours: 192, scrapeIntervalSeconds: 10 },
  pushgateway: { memoryMi: 64, volumeGi: 1 },
  alertmanager: { memoryMi: 64, volumeGi: 1 },
  grafana: { memoryMi: 256 },
  loki: { memoryMi: 512, volumeGi: 5, retentionHours: 48 },
  jaeger: { memoryMi: 384, volumeGi: 2, retentionHours: 24 },
  collector: { replicas: 1, memoryMi: 256 },
  backup: { everyHours: 24, keep: 2 },
  restoreProof: { everyHours: 6, memoryMi: 512 },
  continuousDrill: { cron: "40 4 * * *" },
};

const medium: Tier = {
  postgres: {
    members: 3,
    memoryMi: 1024,
    sharedBuffersMi: 256,
    maxConnections: 120,
    volumeGi: 20,
    maintenanceHours: "0-24",
  },
  pgbouncer: { replicas: 2, poolSize: 20, maxClients: 1000 },
  redisCache: { memoryMi: 256 },
  redisState: { members: 3, sentinels: 3, memoryMi: 256, volumeGi: 2 },
  api: { ...api(2, 4), memoryMi: 512, poolMax: 12 },
  worker: { ...worker(2, 4), memoryMi: 512, poolMax: 8 },
  gateway: { ...gateway(2, 4), memoryMi: 128 },
  web: { ...web(2, 4), memoryMi: 256 },
  doubles: { replicas: 1, memoryMi: 256 },
  responder: { memoryMi: 192, spoolGi: 1, scaleOutMost: { api: 4, worker: 4 }, volumeMostGi: { postgres: 40 } },
  prometheus: { memoryMi: 1024, volumeGi: 20, retentionHours: 360, scrapeIntervalSeconds: 15 },
  pushgateway: { memoryMi: 96, volumeGi: 1 },
  alertmanager: { memoryMi: 96, volumeGi: 1 },
  grafana: { memoryMi: 384 },
  loki: { memoryMi: 1024, volumeGi: 20, retentionHours: 168 },
  jaeger: { memoryMi: 512, volumeGi: 5, retentionHours: 72 },
  collector: { replicas: 2, memoryMi: 384 },
  backup: { everyHours: 24, keep: 7 },
  restoreProof: { everyHours: 6, memoryMi: 512 },
  continuousDrill: { cron: "40 4,16 * * *" },
};

const large: Tier = {
  postgres: {
    members: 3,
    memoryMi: 4096,
    sharedBuffersMi: 1024,
    maxConnections: 200,
    volumeGi: 100,
    maintenanceHours: "2-5",
  },
  pgbouncer: { replicas: 2, poolSize: 40, maxClients: 4000 },
  redisCache: { memoryMi: 1024 },
  redisState: { members: 3, sentinels: 3, memoryMi: 1024, volumeGi: 10 },
  api: { ...api(3, 9), memoryMi: 768, poolMax: 18 },
  worker: { ...worker(3, 6), memoryMi: 768, poolMax: 8 },
  gateway: { ...gateway(3, 6), memoryMi: 256 },
  web: { ...web(3, 6), memoryMi: 320 },
  doubles: { replicas: 2, memoryMi: 384 },
  responder: { memoryMi: 192, spoolGi: 1, scaleOutMost: { api: 6, worker: 6 }, volumeMostGi: { postgres: 200 } },
  prometheus: { memoryMi: 4096, volumeGi: 100, retentionHours: 720, scrapeIntervalSeconds: 15 },
  pushgateway: { memoryMi: 128, volumeGi: 1 },
  alertmanager: { memoryMi: 128, volumeGi: 1 },
  grafana: { memoryMi: 512 },
  loki: { memoryMi: 2048, volumeGi: 100, retentionHours: 720 },
  jaeger: { memoryMi: 1024, volumeGi: 20, retentionHours: 168 },
  collector: { replicas: 2, memoryMi: 512 },
  backup: { everyHours: 24, keep: 14 },
  restoreProof: { everyHours: 6, memoryMi: 1024 },
  continuousDrill: { cron: "40 */6 * * *" },
};

export const tiers = { small, medium, large } as const;
export type TierName = keyof typeof tiers;
