import { describe, expect, test } from "vitest";

import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";
import { BadValueError } from "../errors.js";
import { parsePublish } from "./publish.js";

function port(
  published: number,
  target: number,
  change: Partial<EndpointPortConfig> = {},
): EndpointPortConfig {
  return {
    Protocol: "tcp",
    PublishMode: "ingress",
    PublishedPort: published,
    TargetPort: target,
    ...change,
  };
}

describe("a published port", () => {
  test.each<[string, EndpointPortConfig[]]>([
    ["80", [port(0, 80)]],
    ["8080:80", [port(8080, 80)]],
    ["53:53/udp", [port(53, 53, { Protocol: "udp" })]],
    ["8000-8001:80-81", [port(8000, 80), port(8001, 81)]],
    ["8000-8001:80", [port(8000, 80), port(8001, 80)]],
    ["80-81", [port(0, 80), port(0, 81)]],
    ["target=80", [port(0, 80)]],
    [
      "published=8080,target=80,protocol=udp,mode=host",
      [port(8080, 80, { Protocol: "udp", PublishMode: "host" })],
    ],
    ["TARGET=80,MODE=HOST", [port(0, 80, { PublishMode: "host" })]],
  ])("%s", (given, ports) => {
    expect(parsePublish(given)).toEqual(ports);
  });

  test.each([
    ["abc", "invalid containerPort: abc"],
    ["", "no port specified"],
    ["8080:", "no port specified"],
    ["x:80", "invalid hostPort: x"],
    ["80:70000", "invalid containerPort: 70000"],
    ["2-1:80", "invalid hostPort: 2-1"],
    ["1-2:80-83", "invalid ranges specified for container and host Ports: 80-83 and 1-2"],
    ["80/icmp", "invalid protocol value 'icmp'"],
    ["127.0.0.1:80:80", "hostip is not supported"],
    ["[::1]:80:80", "hostip is not supported"],
    ["host:80:80", "invalid IP address: host"],
    ["published=80", "missing mandatory field 'target'"],
    ["target=x", "invalid target port (x)"],
    ["target=80,published=99999", "invalid published port (99999)"],
    ["target=80,mode=both", "invalid publish mode value (both)"],
    ["target=80,protocol=icmp", "invalid protocol value 'icmp'"],
    ["target=80,colour=red", "invalid field key: colour"],
    ["target=80,udp", "invalid field: udp"],
  ])("not %s", (given, message) => {
    const parsing = (): EndpointPortConfig[] => parsePublish(given);
    expect(parsing).toThrow(BadValueError);
    expect(parsing).toThrow(message);
  });
});
