/** What an engine shows of a task: the input of every decision about it. */
import type { PublishedPort } from "../../../shared/model/task.js";

export const HEALTH_STATES = ["none", "starting", "healthy", "unhealthy"] as const;
/** `none`: no check is defined. */
export type Health = (typeof HEALTH_STATES)[number];

export type TaskObservation =
  | { readonly kind: "absent" }
  | { readonly kind: "created"; readonly containerId: string }
  | {
      readonly kind: "running";
      readonly containerId: string;
      readonly pid: number;
      readonly health: Health;
      readonly ports: readonly PublishedPort[];
    }
  | {
      readonly kind: "exited";
      readonly containerId: string;
      /** As a shell tells it: 128 and the signal's number where a signal ended it. */
      readonly exitCode: number;
      /** The last health state before the end. */
      readonly health: Health;
      /** Why, where the engine knows more than the code. */
      readonly reason?: string;
    };

/** Nothing of the task is on this host. */
export const ABSENT: TaskObservation = { kind: "absent" };
