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
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { LOCAL_PORTS_LABEL, localPorts } from "../../../shared/model/local-ports.js";
import { isJob } from "../../../shared/model/service.js";
import { checkEndpoint } from "./check-endpoint.js";
import { checkTaskTemplate } from "./check-task-template.js";
import { MalformedRequestError } from "./malformed-request.js";

/** One label of a DNS name (RFC 1035 §2.3.4). */
const NAME_LENGTH_MAX = 63;
const NAME = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/;

/** As many tasks as a cluster is built for (DESIGN section 2). */
const REPLICAS_MAX = 1_000_000;

/** @throws InvalidArgumentError, MalformedRequestError, UnimplementedError */
export function checkService(spec: ServiceSpec): void {
  checkName(spec.Name ?? "");
  checkTaskTemplate(spec.TaskTemplate ?? {});
  checkMode(spec.Mode ?? {});
  if (isJob(spec) && spec.UpdateConfig !== undefined) {
    throw new InvalidArgumentError("Jobs may not have an update config");
  }
  checkUpdate("update", spec.UpdateConfig ?? {});
  checkUpdate("rollback", spec.RollbackConfig ?? {});
  checkEndpoint(spec.EndpointSpec ?? {});
  if (localPorts(spec.Labels) === undefined)
    throw new InvalidArgumentError(
      `invalid label ${LOCAL_PORTS_LABEL}=${spec.Labels?.[LOCAL_PORTS_LABEL] ?? ""}: want published ports as 8080,53/udp, or "all"`,
    );
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
  if (modes.length > 1) throw new MalformedRequestError("must specify only one service mode");
  const replicas = mode.Replicated?.Replicas ?? mode.ReplicatedJob?.TotalCompletions ?? 1;
  if (replicas > REPLICAS_MAX) {
    throw new InvalidArgumentError(
      `invalid number of replicas ${replicas}: Must be at most ${REPLICAS_MAX}`,
    );
  }
}

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
