import { describe, expect, test } from "vitest";

import {
  endpointManner,
  type EngineEndpoint,
  namedNetworks,
  parseFields,
  resolversOf,
  rewriteRequest,
} from "./container-request.js";

const APP: EngineEndpoint = {
  engineName: "skep-app",
  addresses: ["10.240.1.5", "fd00::5"],
  mac: "02:42:0a:f0:01:05",
  gateways: ["10.240.1.2"],
};
const DB: EngineEndpoint = {
  engineName: "skep-db",
  addresses: ["10.240.2.7"],
  mac: "02:42:0a:f0:02:07",
  gateways: ["10.240.2.2"],
};
const LABELS = { "skep.attachment.id": "a1" };
const body = (mode: string, endpoints: object = {}, more: object = {}) => ({
  Image: "busybox",
  ...more,
  HostConfig: { NetworkMode: mode, AutoRemove: true },
  NetworkingConfig: { EndpointsConfig: endpoints },
});

describe("networks that a request names", () => {
  test.each([
    ["none of every host's own", body("default"), []],
    ["none of another container's", body("container:web"), []],
    ["that of its mode, once", body("app", { app: { Aliases: ["x"] } }), ["app x "]],
    ["those of its endpoints", body("app", { app: {}, db: {} }), ["app  ", "db  "]],
    [
      "with the addresses that are asked for",
      body("app", { app: { IPAMConfig: { IPv4Address: "10.1.1.1", IPv6Address: "fd00::1" } } }),
      ["app  10.1.1.1,fd00::1"],
    ],
    ["whatever else the body is", { HostConfig: null, NetworkingConfig: 3 }, []],
  ])("%s", (_what, request, named) => {
    const found = namedNetworks(request).map(
      ({ aliases, target, wanted }) => `${target} ${aliases.join()} ${wanted.join()}`,
    );
    expect(found).toEqual(named);
  });

  test("cannot have a MAC address by name", () => {
    expect(() => namedNetworks(body("app", { app: { MacAddress: "02:00:00:00:00:01" } }))).toThrow(
      "leave --mac-address out",
    );
  });
});

describe("the request as the engine gets it", () => {
  test("says the MAC address as the engine wants to hear it", () => {
    const placed = new Map([["app", APP]]);
    const macOf = (asked: number, known: number): unknown => {
      const manner = endpointManner(asked, known);
      const { body: made } = rewriteRequest(body("app"), placed, LABELS, manner);
      const { EndpointsConfig } = made["NetworkingConfig"] as { EndpointsConfig: object };
      return { made: made["MacAddress"], each: JSON.stringify(EndpointsConfig).includes(APP.mac) };
    };
    // It makes it from the address, and would keep one that it is told for later networks.
    expect(macOf(41, 41)).toEqual({ made: undefined, each: false });
    expect(macOf(41, 48)).toEqual({ made: APP.mac, each: false });
    expect(macOf(44, 44)).toEqual({ made: undefined, each: true });
  });

  test("names what the engine knows, and keeps all else", () => {
    const asked = body(
      "app",
      { app: { Aliases: ["x"], Links: ["y"] } },
      { Labels: { of: "user" } },
    );
    const placed = new Map([["app", APP]]);
    expect(rewriteRequest(asked, placed, LABELS, "derived")).toEqual({
      body: {
        Image: "busybox",
        Labels: { of: "user", ...LABELS },
        HostConfig: { NetworkMode: "skep-app", AutoRemove: true, Dns: ["10.240.1.2"] },
        NetworkingConfig: {
          EndpointsConfig: {
            "skep-app": {
              Aliases: [],
              Links: ["y"],
              IPAMConfig: { IPv4Address: "10.240.1.5", IPv6Address: "fd00::5" },
            },
          },
        },
      },
      later: [],
    });
  });

  test("has all of its networks where the engine takes them at once, each with its MAC address", () => {
    const asked = body("app", { app: {}, db: {}, mine: { Aliases: ["m"] } });
    const both = new Map([
      ["app", APP],
      ["db", DB],
    ]);
    const { body: made, later } = rewriteRequest(asked, both, LABELS, "each");
    expect(later).toEqual([]);
    expect(made).not.toHaveProperty("MacAddress");
    expect(made["NetworkingConfig"]).toMatchObject({
      EndpointsConfig: {
        mine: { Aliases: ["m"] },
        "skep-app": { MacAddress: APP.mac },
        "skep-db": { MacAddress: DB.mac },
      },
    });
    expect(rewriteRequest(asked, both, LABELS, "derived").later).toEqual([DB]);
  });

  test("keeps a network of the host's own as the one that it is made with", () => {
    const asked = body("mine", { mine: {}, app: {} });
    const { body: made, later } = rewriteRequest(asked, new Map([["app", APP]]), LABELS, "derived");
    expect(made).toMatchObject({
      HostConfig: { NetworkMode: "mine" },
      NetworkingConfig: { EndpointsConfig: { mine: {} } },
    });
    expect(made).not.toHaveProperty("MacAddress");
    expect(later).toEqual([APP]);
  });

  test("asks this host before the user's resolvers", () => {
    const asked = { ...body("app"), HostConfig: { NetworkMode: "app", Dns: ["192.0.2.1"] } };
    expect(resolversOf(asked)).toEqual(["192.0.2.1"]);
    const { body: made } = rewriteRequest(asked, new Map([["app", APP]]), LABELS, "each");
    expect(made["HostConfig"]).toMatchObject({ Dns: ["10.240.1.2", "192.0.2.1"] });
  });

  test("is as it came where no network is the cluster's", () => {
    const asked = body("mine", { mine: {} });
    expect(rewriteRequest(asked, new Map(), LABELS, "each")).toEqual({ body: asked, later: [] });
  });
});

test.each(["[]", "3", "{", "null"])("a body of %s is refused", (text) => {
  expect(() => parseFields(text)).toThrow(/body/);
});
