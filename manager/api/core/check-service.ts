/**
 * The gate for services: whether a completed spec can be meant. Its shape has been checked before;
 * whether its name and ports are free, the store's own state decides (`plan-service.ts`).
 */
import type {
  RollbackConfig,
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../../../shared/docker-api/service-spec.js";
import { InvalidArgumentError, UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { checkEndpoint } from "./check-endpoint.js";
import { checkTaskTemplate } from "./check-task-template.js";
import { MalformedRequestError } from "./malformed-request.js";

/** One label of a DNS name (RFC 1035 §2.3.4). */
const NAME_LENGTH_MAX = 63;
const NAME = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/;

/** As many tasks as a cluster is built for (DESIGN section 2). */
const REPLICAS_MAX = 1_000_000;

/**
 * @throws InvalidArgumentError, MalformedRequestError, UnimplementedError,
 *   NotFoundError for a network
 */
export function checkService(spec: ServiceSpec): void {
  checkName(spec.Name ?? "");
  checkTaskTemplate(spec.TaskTemplate ?? {});
  checkMode(spec.Mode ?? {});
  checkUpdate("update", spec.UpdateConfig ?? {});
  checkUpdate("rollback", spec.RollbackConfig ?? {});
  checkEndpoint(spec.EndpointSpec ?? {});
}

function checkName(name: string): void {
  if (name === "") throw new InvalidArgumentError("meta: name must be provided");
  if (name.length > NAME_LENGTH_MAX) {
    throw new InvalidArgumentError(
      `name must be ${NAME_LENGTH_MAX} characters or fewer: this one has ${name.length}`,
    );
  }
  if (!NAME.test(name)) {
    throw new InvalidArgumentError(
      `name must be valid as a DNS name component: ${JSON.stringify(name)} is not`,
    );
  }
}

function checkMode(mode: ServiceMode): void {
  const modes = (["Replicated", "Global", "ReplicatedJob", "GlobalJob"] as const).filter(
    (name) => mode[name] !== undefined,
  );
  const [first = "Replicated"] = modes;
  if (modes.length > 1) throw new MalformedRequestError("must specify only one service mode");
  if (first === "ReplicatedJob" || first === "GlobalJob") {
    throw new UnimplementedError(`${MODE_WORDS[first]} services are not available yet`);
  }
  const replicas = mode.Replicated?.Replicas ?? 1;
  if (replicas > REPLICAS_MAX) {
    throw new InvalidArgumentError(
      `invalid number of replicas ${replicas}: Must be at most ${REPLICAS_MAX}`,
    );
  }
}

const MODE_WORDS = {
  ReplicatedJob: "replicated-job",
  GlobalJob: "global-job",
} as const;

function checkUpdate(which: "update" | "rollback", config: UpdateConfig | RollbackConfig): void {
  if ((config.Delay ?? 0) < 0) {
    throw new InvalidArgumentError(`TaskSpec: ${which}-delay cannot be negative`);
  }
  if ((config.Monitor ?? 0) < 0) {
    throw new InvalidArgumentError(`TaskSpec: ${which}-monitor cannot be negative`);
  }
  const ratio = config.MaxFailureRatio ?? 0;
  if (ratio < 0 || ratio > 1) {
    throw new InvalidArgumentError(
      `TaskSpec: ${which}-maxfailureratio cannot be less than 0 or bigger than 1: ${ratio}`,
    );
  }
}
