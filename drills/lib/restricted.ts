const USER = 10_001;

/** The profile "restricted" that every namespace enforces, for a pod that stands beside the stack: its own part. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** The part of each container. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;
