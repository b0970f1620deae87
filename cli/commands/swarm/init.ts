/** `skep swarm init`: this host becomes the first manager of a new swarm. */
import type { SwarmInitRequest } from "../../../shared/docker-api/swarm-spec.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import { DEFAULT_LISTEN_ADDRESS, listenAddress, parseSubnets } from "../../flags/addresses.js";
import { type Flag, type FlagSet, text } from "../../flags/flag.js";
import { toggle, uint } from "../../flags/numbers.js";
import { present } from "../../present.js";
import { AVAILABILITY_FLAG } from "./availability.js";
import { printJoinCommands } from "./join-instructions.js";
import { SPEC_FLAGS, withSettings } from "./spec-flags.js";

const SUBNET_BITS = 24;

const subnetsFlag: Flag<string[]> = {
  takes: "ipNetSlice",
  summary: "default address pool in CIDR format (default [])",
  parse: (given, before = []) => [...before, ...parseSubnets(given)],
};

const FLAGS = {
  ...SPEC_FLAGS,
  "advertise-addr": text('Advertised address (format: "<ip|interface>[:port]")'),
  availability: AVAILABILITY_FLAG,
  "data-path-addr": text(
    'Address or interface to use for data path traffic (format: "<ip|interface>")',
  ),
  "data-path-port": uint(
    "Port number to use for data path traffic (1024 - 49151). If no value is set or is set to 0, the default port (4789) is used.",
  ),
  "default-addr-pool": subnetsFlag,
  "default-addr-pool-mask-length": uint("default address pool subnet mask length (default 24)"),
  "force-new-cluster": toggle("Force create a new cluster from current state"),
  "listen-addr": listenAddress(
    'Listen address (format: "<ip|interface>[:port]") (default 0.0.0.0:2377)',
  ),
} satisfies FlagSet;

export const initCommand = defineCommand({
  name: "init",
  summary: "Initialize a swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const body: SwarmInitRequest = present({
      ListenAddr: flags["listen-addr"] ?? DEFAULT_LISTEN_ADDRESS,
      AdvertiseAddr: flags["advertise-addr"] ?? "",
      DataPathAddr: flags["data-path-addr"] ?? "",
      DataPathPort: flags["data-path-port"] ?? 0,
      DefaultAddrPool: flags["default-addr-pool"] ?? [],
      SubnetSize: flags["default-addr-pool-mask-length"] ?? SUBNET_BITS,
      ForceNewCluster: flags["force-new-cluster"] ?? false,
      AutoLockManagers: flags.autolock ?? false,
      Spec: withSettings({}, flags),
      Availability: flags.availability,
    });
    const nodeId = await client.call<string>("POST", "/swarm/init", { body });
    printLine(stdout, `Swarm initialized: current node (${nodeId}) is now a manager.\n`);
    await printJoinCommands({ client, stdout }, nodeId, ["worker"]);
    printLine(
      stdout,
      "To add a manager to this swarm, run 'skep swarm join-token manager' and follow the instructions.",
    );
  },
});
