/**
 * The tasks of the demo as the machine shows them, without asking Skep: what a step claims is looked up here.
 * Containers are found by their labels, processes by the files that tell which they are.
 */

export interface SeenTask {
  readonly taskId: string;
  /** Where it runs. */
  readonly nodeId: string;
  /** The container's id, or the process group's. */
  readonly handle: string;
}

export interface TaskView {
  /** Only what runs at this moment. */
  running(): Promise<readonly SeenTask[]>;
  /** Ended ones that were not cleared away count, too. */
  count(): Promise<number>;
  /** Without a word to Skep. */
  kill(task: SeenTask): Promise<void>;
  /** Whatever is left of any task of the demo. */
  removeAll(): Promise<void>;
}
