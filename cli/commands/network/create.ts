/**
 * `skep network create`: a network that spans the hosts of the swarm. Others (`--driver bridge`) are
 * this host's own, and its engine makes them.
 */
import type {
  NetworkCreateRequest,
  NetworkCreateResponse,
} from "../../../shared/docker-api/network.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf, words } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { type FlagSet, list, many, text } from "../../flags/flag.js";
import { parseLabel, toMap } from "../../flags/key-values.js";
import { toggle } from "../../flags/numbers.js";
import { present } from "../../present.js";
import { SUBNET_FLAGS, subnetsFrom } from "./subnets.js";

const FLAGS = {
  ...SUBNET_FLAGS,
  attachable: toggle("Let containers that are no tasks join it (docker run --network)"),
  "config-from": text("Network whose settings are copied", { completion: namesOf("network") }),
  "config-only": toggle("Keep the settings only, for networks of single hosts"),
  driver: text('What carries it ("overlay", which spans hosts, unless given)', {
    short: "d",
    completion: words("overlay", "bridge"),
  }),
  ingress: toggle("Make it the network of published ports"),
  internal: toggle("Let nothing out of it"),
  "ipam-driver": text("Who hands out addresses"),
  "ipam-opt": list("Options for who hands out addresses (key=value)"),
  ipv4: toggle("Give IPv4 addresses (default true)"),
  ipv6: toggle("Give IPv6 addresses, of a subnet that is given"),
  label: many("list", 'Set metadata on the network ("key=value")', parseLabel),
  opt: many("map", "Set options of the driver (key=value)", parseLabel, { short: "o" }),
  scope: text('Whose network it is ("swarm", "local")', { completion: words("swarm", "local") }),
} satisfies FlagSet;

export const createCommand = defineCommand({
  name: "create",
  summary: "Create a network",
  synopsis: "[OPTIONS] NETWORK",
  arguments: ONE_ARGUMENT,
  flags: FLAGS,
  async run({ client, stdout, stderr }, { flags, args: [name = ""] }) {
    const from = flags["config-from"];
    const body: NetworkCreateRequest = present({
      Name: name,
      Driver: flags.driver ?? "overlay",
      Scope: flags.scope,
      Internal: flags.internal ?? false,
      Attachable: flags.attachable ?? false,
      Ingress: flags.ingress ?? false,
      ConfigOnly: flags["config-only"] ?? false,
      ConfigFrom: from === undefined ? undefined : { Network: from },
      EnableIPv4: flags.ipv4,
      EnableIPv6: flags.ipv6,
      IPAM: {
        Driver: flags["ipam-driver"] ?? "default",
        Options: toMap(flags["ipam-opt"] ?? []),
        Config: subnetsFrom(flags),
      },
      Options: toMap(flags.opt ?? []),
      Labels: toMap(flags.label ?? []),
    });
    const made = await client.call<NetworkCreateResponse>("POST", "/networks/create", { body });
    if (made.Warning !== "") printLine(stderr, `WARNING: ${made.Warning}`);
    printLine(stdout, made.Id);
  },
});
