/** The gate for the cluster's own spec, and for the requests that make and join one. */
import ipaddr from "ipaddr.js";

import type {
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
} from "../../../shared/docker-api/swarm-spec.js";
import { InvalidArgumentError, UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { checkSettings } from "./check-settings.js";
import { MalformedRequestError } from "./malformed-request.js";

const CLUSTER_NAME = "default";
const NO_ROTATION = "rotating the root certificate is not available yet";
/** An hour: with less, a host that sleeps over night could not come back. */
const CERT_EXPIRY_MIN_NS = 3600e9;

/** The ports that IANA registers. */
const DATA_PATH_PORT_MIN = 1_024;
const DATA_PATH_PORT_MAX = 49_151;
const DEFAULT_SUBNET_BITS = 24;
/** With fewer addresses there is no room for a gateway per node. */
const SUBNET_BITS_MAX = 29;

/** @throws InvalidArgumentError, UnimplementedError */
export function checkSwarmSpec(spec: SwarmSpec): void {
  if ((spec.Name ?? CLUSTER_NAME) !== CLUSTER_NAME) {
    throw new InvalidArgumentError("modification of cluster name is not allowed");
  }
  const expiry = spec.CAConfig?.NodeCertExpiry ?? 0;
  if (expiry !== 0 && expiry < CERT_EXPIRY_MIN_NS) {
    throw new InvalidArgumentError("minimum certificate expiry time is: 1h0m0s");
  }
  if ((spec.Dispatcher?.HeartbeatPeriod ?? 0) < 0) {
    throw new InvalidArgumentError("heartbeat time period cannot be a negative duration");
  }
  checkSettings(spec);
  if (spec.TaskDefaults?.LogDriver !== undefined) {
    throw new UnimplementedError("a log driver for all tasks is not available yet");
  }
  if (spec.EncryptionConfig?.AutoLockManagers === true) {
    throw new UnimplementedError("locking managers (autolock) is not available yet");
  }
  if ((spec.CAConfig?.ExternalCAs ?? []).length > 0) {
    throw new UnimplementedError("external certificate authorities are not available yet");
  }
  if ((spec.CAConfig?.SigningCACert ?? "") !== "" || (spec.CAConfig?.SigningCAKey ?? "") !== "") {
    throw new UnimplementedError(NO_ROTATION);
  }
}

/**
 * Docker asks for another root by a greater number, and waits until it is there: accepted and not
 * done, `docker swarm ca --rotate` would never end.
 * @throws UnimplementedError
 */
export function checkRotation(present: SwarmSpec, sent: SwarmSpec): void {
  const { ForceRotate: before = 0 } = present.CAConfig ?? {};
  const { ForceRotate: asked = before } = sent.CAConfig ?? {};
  if (asked !== before) throw new UnimplementedError(NO_ROTATION);
}

/** @throws MalformedRequestError, InvalidArgumentError, UnimplementedError */
export function checkInit(request: SwarmInitRequest): void {
  checkListenAddress(request.ListenAddr);
  if ((request.Spec?.Name ?? "") !== "" && request.Spec?.Name !== CLUSTER_NAME) {
    throw new MalformedRequestError(`swarm spec must be named "${CLUSTER_NAME}"`);
  }
  if (request.AutoLockManagers === true) {
    throw new UnimplementedError("locking managers (autolock) is not available yet");
  }
  checkDataPathPort(request.DataPathPort ?? 0);
  checkPools(request.DefaultAddrPool ?? [], request.SubnetSize || DEFAULT_SUBNET_BITS);
  const { Name: _empty, ...spec } = request.Spec ?? {};
  checkSwarmSpec(spec);
}

/** @throws MalformedRequestError */
export function checkJoin(request: SwarmJoinRequest): void {
  checkListenAddress(request.ListenAddr);
  const remotes = request.RemoteAddrs ?? [];
  if (remotes.length === 0) {
    throw new MalformedRequestError("at least 1 RemoteAddr is required to join");
  }
  if (remotes.includes("")) {
    throw new MalformedRequestError('invalid remoteAddr "": invalid empty address');
  }
}

/** 0: the usual one. In Docker's words. */
function checkDataPathPort(port: number): void {
  if (port === 0 || (port >= DATA_PATH_PORT_MIN && port <= DATA_PATH_PORT_MAX)) return;
  throw new MalformedRequestError(
    `Datapath port number is not in valid range (${DATA_PATH_PORT_MIN}-${DATA_PATH_PORT_MAX}) : ${port}`,
  );
}

/** The pools that networks are cut from, into pieces with prefixes of `subnetBits`. */
function checkPools(pools: readonly string[], subnetBits: number): void {
  if (pools.length === 0) return;
  if (subnetBits > SUBNET_BITS_MAX) {
    throw new MalformedRequestError(`subnet size is out of range: ${subnetBits}`);
  }
  for (const pool of pools) {
    if (!ipaddr.isValidCIDR(pool)) throw new MalformedRequestError(`invalid CIDR: "${pool}"`);
    if (subnetBits >= ipaddr.parseCIDR(pool)[1]) continue;
    throw new MalformedRequestError(
      `invalid CIDR: "${pool}". Subnet size is too small for pool: ${subnetBits}`,
    );
  }
}

function checkListenAddress(address: string | undefined): void {
  if (address === undefined || address === "") {
    throw new MalformedRequestError('invalid ListenAddr "": invalid empty address');
  }
}
