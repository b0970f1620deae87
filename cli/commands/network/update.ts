/** `skep network update`: a network that is full gets another subnet. */
import type { NetworkUpdateRequest } from "../../../shared/docker-api/network.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import type { FlagSet } from "../../flags/flag.js";
import { SUBNET_FLAGS, subnetsFrom } from "./subnets.js";

const FLAGS = {
  gateway: SUBNET_FLAGS.gateway,
  "ip-range": SUBNET_FLAGS["ip-range"],
  "subnet-add": {
    ...SUBNET_FLAGS.subnet,
    summary: "Subnet in CIDR format from which tasks get addresses once the others are full",
  },
} satisfies FlagSet;

export const updateCommand = defineCommand({
  name: "update",
  summary: "Add subnets to a network",
  synopsis: "[OPTIONS] NETWORK",
  arguments: ONE_ARGUMENT,
  completion: namesOf("network"),
  flags: FLAGS,
  async run({ client, stdout }, { flags: { "subnet-add": subnet, ...parts }, args: [name = ""] }) {
    if (subnet === undefined) throw new UsageError("nothing to update: name a --subnet-add");
    const body: NetworkUpdateRequest = { AddSubnets: subnetsFrom({ ...parts, subnet }) };
    await client.call("POST", `/skep/v1/networks/${encodeURIComponent(name)}/update`, { body });
    printLine(stdout, name);
  },
});
