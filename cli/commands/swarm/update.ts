/** `skep swarm update`: the swarm's settings. */
import type { Swarm } from "../../../shared/docker-api/swarm-spec.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import { SPEC_FLAGS, withSettings } from "./spec-flags.js";

export const updateCommand = defineCommand({
  name: "update",
  summary: "Update the swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: SPEC_FLAGS,
  async run({ client, stdout }, { flags }) {
    if (Object.keys(flags).length === 0) {
      throw new UsageError("nothing to change (see 'skep swarm update --help')");
    }
    const { Version: version, Spec: before } = await client.call<Swarm>("GET", "/swarm");
    const body = withSettings(before, flags);
    await client.call("POST", "/swarm/update", { query: { version: version.Index }, body });
    printLine(stdout, "Swarm updated.");
  },
});
