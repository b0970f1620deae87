/** `--publish 8080:80/tcp` and `--publish published=8080,target=80,protocol=tcp,mode=host`. */
import { isIP } from "node:net";

import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";
import { BadValueError } from "../errors.js";
import { csvPairs } from "./csv.js";
import { parseDecimal } from "./numbers.js";
import { cut } from "./parse-line.js";

const PORT_MAX = 65_535;
const PROTOCOLS = ["tcp", "udp", "sctp"] as const;
const MODES = ["ingress", "host"] as const;

/** `key=value`, anywhere in the text, tells the long form from the short. */
const LONG_FORM = /\w+=\w+/;

type Protocol = (typeof PROTOCOLS)[number];

/** One value can publish a whole range. @throws BadValueError */
export function parsePublish(given: string): EndpointPortConfig[] {
  return LONG_FORM.test(given) ? [parseLongForm(given)] : parseShortForm(given);
}

function parseLongForm(given: string): EndpointPortConfig {
  const port: EndpointPortConfig = { Protocol: "tcp", PublishMode: "ingress", PublishedPort: 0 };
  for (const [key, value, field] of csvPairs(given.toLowerCase())) {
    if (value === undefined || key === "") throw new BadValueError(`invalid field: ${field}`);
    switch (key) {
      case "protocol":
        port.Protocol = parseProtocol(value);
        break;
      case "mode":
        port.PublishMode = parseMode(value);
        break;
      case "target":
        port.TargetPort = parsePort(value, "target port");
        break;
      case "published":
        port.PublishedPort = parsePort(value, "published port");
        break;
      default:
        throw new BadValueError(`invalid field key: ${key}`);
    }
  }
  if (port.TargetPort === undefined || port.TargetPort === 0) {
    throw new BadValueError("missing mandatory field 'target'");
  }
  return port;
}

function parseShortForm(given: string): EndpointPortConfig[] {
  const parts = given.split(":");
  const targetText = parts.at(-1) ?? "";
  const publishedText = parts.at(-2) ?? "";
  checkNoAddress(parts.slice(0, -2).join(":"));
  const [targetPorts, protocolText = "tcp"] = cut(targetText, "/");
  if (targetPorts === "") throw new BadValueError(`no port specified: ${given}<empty>`);
  const protocol = parseProtocol(protocolText === "" ? "tcp" : protocolText.toLowerCase());
  const targets = parseRange(targetPorts, "containerPort");
  const published =
    publishedText === "" ? targets.map(() => 0) : parseRange(publishedText, "hostPort");
  if (targets.length !== published.length && targets.length > 1) {
    throw new BadValueError(
      `invalid ranges specified for container and host Ports: ${targetPorts} and ${publishedText}`,
    );
  }
  return published.map((publishedPort, index) => ({
    Protocol: protocol,
    TargetPort: targets[index] ?? targets[0] ?? 0,
    PublishedPort: publishedPort,
    PublishMode: "ingress",
  }));
}

/** A service listens on every node: an address of one of them makes no sense. */
function checkNoAddress(address: string): void {
  if (address === "") return;
  if (isIP(address.replace(/^\[(.*)\]$/, "$1")) === 0) {
    throw new BadValueError(`invalid IP address: ${address}`);
  }
  throw new BadValueError("hostip is not supported");
}

function parseRange(given: string, what: string): number[] {
  const [firstText, lastText = firstText] = cut(given, "-");
  const first = parseDecimal(firstText);
  const last = parseDecimal(lastText);
  const valid =
    first !== undefined && last !== undefined && first >= 0 && first <= last && last <= PORT_MAX;
  if (!valid) throw new BadValueError(`invalid ${what}: ${given}`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function parsePort(given: string, what: string): number {
  const port = parseDecimal(given);
  if (port === undefined || port < 0 || port > PORT_MAX) {
    throw new BadValueError(
      `invalid ${what} (${given}): value must be an integer up to ${PORT_MAX}`,
    );
  }
  return port;
}

function parseProtocol(given: string): Protocol {
  const found = PROTOCOLS.find((protocol) => protocol === given);
  if (found === undefined) {
    throw new BadValueError(`invalid protocol value '${given}' (must be tcp, udp or sctp)`);
  }
  return found;
}

function parseMode(given: string): (typeof MODES)[number] {
  const found = MODES.find((mode) => mode === given);
  if (found === undefined) {
    throw new BadValueError(
      `invalid publish mode value (${given}): must be either 'ingress' or 'host'`,
    );
  }
  return found;
}
