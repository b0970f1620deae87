/** `skep swarm ca`: the certificate that all of the swarm's certificates go back to. */
import type { Swarm } from "../../../shared/docker-api/swarm-spec.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";

export const caCommand = defineCommand({
  name: "ca",
  summary: "Display the root CA",
  synopsis: "",
  arguments: NO_ARGUMENTS,
  flags: {},
  async run({ client, stdout }) {
    const { TLSInfo: tls } = await client.call<Swarm>("GET", "/swarm");
    const root = tls?.TrustRoot?.trim() ?? "";
    if (root === "") throw new UsageError("no CA information available");
    printLine(stdout, root);
  },
});
