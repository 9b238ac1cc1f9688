/** Sends a signal to every process of a pod. */
export type SendSignal = (signal: NodeJS.Signals) => void;

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
  /** Ends every process of the node at once, as a power cut does. The node then starts again by itself. */
  cutPower(): Promise<void>;
}
