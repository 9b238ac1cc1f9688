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
  /** `poolMax`: connections of one pod to each of the database's two pools, the primary's and the replicas'. */
  api: { replicas: number; memoryMi: number; poolMax: number };
  worker: { replicas: number; memoryMi: number; poolMax: number };
  gateway: { replicas: number; memoryMi: number };
  doubles: { replicas: number; memoryMi: number };
  prometheus: { memoryMi: number; volumeGi: number; retentionHours: number; scrapeIntervalSeconds: number };
  pushgateway: { memoryMi: number; volumeGi: number };
  loki: { memoryMi: number; volumeGi: number; retentionHours: number };
  jaeger: { memoryMi: number; volumeGi: number; retentionHours: number };
  collector: { replicas: number; memoryMi: number };
  /** Full backups of the database: how often, and how many are kept. */
  backup: { everyHours: number; keep: number };
}

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
  api: { replicas: 1, memoryMi: 384, poolMax: 6 },
  worker: { replicas: 1, memoryMi: 384, poolMax: 4 },
  gateway: { replicas: 1, memoryMi: 96 },
  doubles: { replicas: 1, memoryMi: 256 },
  prometheus: { memoryMi: 512, volumeGi: 5, retentionHours: 48, scrapeIntervalSeconds: 10 },
  pushgateway: { memoryMi: 64, volumeGi: 1 },
  loki: { memoryMi: 512, volumeGi: 5, retentionHours: 48 },
  jaeger: { memoryMi: 384, volumeGi: 2, retentionHours: 24 },
  collector: { replicas: 1, memoryMi: 256 },
  backup: { everyHours: 24, keep: 2 },
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
  api: { replicas: 2, memoryMi: 512, poolMax: 12 },
  worker: { replicas: 2, memoryMi: 512, poolMax: 8 },
  gateway: { replicas: 2, memoryMi: 128 },
  doubles: { replicas: 1, memoryMi: 256 },
  prometheus: { memoryMi: 1024, volumeGi: 20, retentionHours: 168, scrapeIntervalSeconds: 15 },
  pushgateway: { memoryMi: 96, volumeGi: 1 },
  loki: { memoryMi: 1024, volumeGi: 20, retentionHours: 168 },
  jaeger: { memoryMi: 512, volumeGi: 5, retentionHours: 72 },
  collector: { replicas: 2, memoryMi: 384 },
  backup: { everyHours: 24, keep: 7 },
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
  api: { replicas: 3, memoryMi: 768, poolMax: 18 },
  worker: { replicas: 3, memoryMi: 768, poolMax: 8 },
  gateway: { replicas: 3, memoryMi: 256 },
  doubles: { replicas: 2, memoryMi: 384 },
  prometheus: { memoryMi: 4096, volumeGi: 100, retentionHours: 720, scrapeIntervalSeconds: 15 },
  pushgateway: { memoryMi: 128, volumeGi: 1 },
  loki: { memoryMi: 2048, volumeGi: 100, retentionHours: 720 },
  jaeger: { memoryMi: 1024, volumeGi: 20, retentionHours: 168 },
  collector: { replicas: 2, memoryMi: 512 },
  backup: { everyHours: 24, keep: 14 },
};

export const tiers = { small, medium, large } as const;
export type TierName = keyof typeof tiers;
