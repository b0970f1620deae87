/**
 * How engines fail: away (try again, the task is not to blame), or refusing
 * (the task will not run).
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";

/** The engine cannot be reached, or went away in the middle. Tasks may well be running. */
export class EngineUnavailableError extends ClusterError {
  readonly code = "unavailable";
}

/** The engine said no: the same request would be refused again. In the engine's own words. */
export class TaskRefusedError extends ClusterError {
  readonly code = "engine-failed";
}

/** The image is neither on this host nor to be had. */
export class ImageUnavailableError extends ClusterError {
  readonly code = "image-unavailable";
  readonly image: string;

  constructor(image: string, options: { cause?: unknown } = {}) {
    super(`No such image: ${image}`, options);
    this.image = image;
  }
}
