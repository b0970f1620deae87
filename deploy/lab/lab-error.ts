/** What goes wrong in a laboratory, in words for whoever uses it: which host, and what to do. */
import { ClusterError } from "../../shared/errors/cluster-error.js";

export class LabError extends ClusterError {
  readonly code = "failed-precondition";
}
