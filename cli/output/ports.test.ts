import { expect, test } from "vitest";

import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";
import { hostPorts, publishedPorts } from "./ports.js";

/** `published->target[/protocol]` */
function portsOf(text: string): EndpointPortConfig[] {
  return text
    .split(" ")
    .filter((one) => one !== "")
    .map((one) => {
      const [, published, target, protocol = "tcp"] = /^(\d+)->(\d+)(?:\/(\w+))?$/.exec(one)!;
      return {
        Protocol: protocol as "tcp",
        PublishedPort: Number(published),
        TargetPort: Number(target),
        PublishMode: "ingress",
      };
    });
}

test.each([
  ["", ""],
  ["80->80", "*:80->80/tcp"],
  ["81->81 80->80 82->82", "*:80-82->80-82/tcp"],
  ["80->80 81->80 82->80", "*:80-82->80/tcp"],
  ["80->80 81->81 82->80", "*:80-81->80-81/tcp, *:82->80/tcp"],
  ["80->80 81->80 82->81", "*:80-81->80/tcp, *:82->81/tcp"],
  ["80->80 82->82", "*:80->80/tcp, *:82->82/tcp"],
  ["53->53/udp 53->53", "*:53->53/tcp, *:53->53/udp"],
  ["80->90 81->89", "*:80->90/tcp, *:81->89/tcp"],
])("%s", (ports, shown) => {
  expect(publishedPorts(portsOf(ports))).toBe(shown);
});

test("ports of a single host are not the service's", () => {
  expect(publishedPorts([{ PublishedPort: 1, TargetPort: 1, PublishMode: "host" }])).toBe("");
});

test("ports of a task stand one by one", () => {
  expect(hostPorts(portsOf("80->80 81->81"))).toBe("*:80->80/tcp,*:81->81/tcp");
});
