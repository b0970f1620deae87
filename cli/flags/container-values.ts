/** Values that only a container's flags take: limits, capabilities, resources, credentials. */
import type { CredentialSpec, Ulimit } from "../../shared/docker-api/container-spec.js";
import type { GenericResource } from "../../shared/docker-api/resources.js";
import type { PlacementPreference } from "../../shared/docker-api/task-spec.js";
import { BadValueError } from "../errors.js";
import { parseDecimal } from "./numbers.js";
import { cut } from "./parse-line.js";

const ULIMITS = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  ),
);
const UNLIMITED = -1;

/** `nofile=1024:2048`, or `nofile=1024` for both @throws BadValueError */
export function parseUlimit(given: string): Required<Ulimit> {
  const [name, limits] = cut(given, "=");
  if (limits === undefined) throw new BadValueError(`invalid ulimit argument: ${given}`);
  if (!ULIMITS.has(name)) throw new BadValueError(`invalid ulimit type: ${name}`);
  const [softText, hardText = softText] = cut(limits, ":");
  const soft = parseDecimal(softText);
  const hard = parseDecimal(hardText);
  if (soft === undefined || hard === undefined) {
    throw new BadValueError(`invalid limit ${limits} (must be soft[:hard], whole numbers)`);
  }
  if (hard !== UNLIMITED && (soft === UNLIMITED || soft > hard)) {
    throw new BadValueError(
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  }
  return { Name: name, Soft: soft, Hard: hard };
}

/** `gpu=2` @throws BadValueError */
export function parseGenericResource(given: string): GenericResource {
  const [kind, value] = cut(given, "=");
  if (value === undefined) {
    throw new BadValueError(`invalid generic-resource format \`${given}\` expected \`name=value\``);
  }
  const amount = parseDecimal(value.trim());
  if (amount === undefined || amount < 0) {
    throw new BadValueError(
      `\`${given}\` must name an amount: a service reserves a number of things`,
    );
  }
  return { DiscreteResourceSpec: { Kind: kind.trim(), Value: amount } };
}

/** `spread=node.labels.rack` @throws BadValueError */
export function parsePlacementPreference(given: string): PlacementPreference {
  const [strategy, descriptor] = cut(given, "=");
  if (descriptor === undefined || strategy === "") {
    throw new BadValueError('placement preference must be of the format "<strategy>=<arg>"');
  }
  if (strategy !== "spread") {
    throw new BadValueError(
      `unsupported placement preference ${strategy} (only spread is supported)`,
    );
  }
  return { Spread: { SpreadDescriptor: descriptor } };
}

/**
 * `config://id`, `file://path`, `registry://key`; empty takes an old one away.
 * @throws BadValueError
 */
export function parseCredentialSpec(given: string): CredentialSpec {
  if (given === "") return {};
  const [scheme, value] = cut(given, "://");
  if (value !== undefined && scheme === "config") return { Config: value };
  if (value !== undefined && scheme === "file") return { File: value };
  if (value !== undefined && scheme === "registry") return { Registry: value };
  throw new BadValueError(
    'invalid credential spec: value must be prefixed with "config://", "file://", or "registry://"',
  );
}

/** `net_admin` → `CAP_NET_ADMIN`; `ALL` and `RESET` stay words. */
export function normalizeCapability(given: string): string {
  const name = given.trim().toUpperCase();
  return name === "ALL" || name === "RESET" || name.startsWith("CAP_") ? name : `CAP_${name}`;
}

/** @throws BadValueError */
export function parseDnsSearch(given: string): string {
  const domain = given.replace(/^ +| +$/g, "");
  const valid = domain === "." || (/[a-z]/i.test(domain) && /^[\w.-]{1,254}$/.test(domain));
  if (!valid) throw new BadValueError(`${given} is not a valid domain`);
  return domain;
}
