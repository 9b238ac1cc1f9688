/** Sends a signal to every process of a pod. */
export type SendSignal = (signal: NodeJS.Signals) => void;

/** Processes of a node that look after its pods. */
export type Daemon = "kubelet" | "containerd";

/**
 * What only the owner of a cluster's machines can do. Faults that need it are not available through a kubeconfig
 * alone. The embedded cluster implements it in local/stack/owner.ts.
 */
export interface ClusterOwner {
  /**
   * Finds the processes of a pod on its node. The pod's processes are found once, so that a frozen pod can be sent
   * SIGCONT.
   *
   * @param uid metadata.uid of the pod
   */
  processesOf(uid: string): Promise<SendSignal>;
  /**
   * Takes a pod's network away: what it sends and what is sent to it vanishes, without an answer.
   *
   * @param uid metadata.uid of the pod
   * @returns gives it back, where the pod is still there
   */
  cutNetwork(uid: string): Promise<() => Promise<void>>;
  /**
   * Sends SIGKILL to a daemon of the node, which starts it again.
   *
   * @returns waits until another process of it runs
   */
  killDaemon(name: Daemon): Promise<() => Promise<void>>;
  /** Ends every process of the node at once, as a power cut does. The node then starts again by itself. */
  cutPower(): Promise<void>;
}
