/** `skep swarm join`: this host becomes a node of a swarm; the token decides as what. */
import type { SwarmJoinRequest } from "../../../shared/docker-api/swarm-spec.js";
import type { SystemInfo } from "../../../shared/docker-api/system.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { printLine } from "../../context.js";
import { DEFAULT_LISTEN_ADDRESS, listenAddress } from "../../flags/addresses.js";
import { type FlagSet, text } from "../../flags/flag.js";
import { present } from "../../present.js";
import { AVAILABILITY_FLAG } from "./availability.js";

const FLAGS = {
  "advertise-addr": text('Advertised address (format: "<ip|interface>[:port]")'),
  availability: AVAILABILITY_FLAG,
  "data-path-addr": text(
    'Address or interface to use for data path traffic (format: "<ip|interface>")',
  ),
  "listen-addr": listenAddress(
    'Listen address (format: "<ip|interface>[:port]") (default 0.0.0.0:2377)',
  ),
  token: text("Token for entry into the swarm"),
} satisfies FlagSet;

export const joinCommand = defineCommand({
  name: "join",
  summary: "Join a swarm as a node and/or manager",
  synopsis: "[OPTIONS] HOST:PORT",
  arguments: ONE_ARGUMENT,
  flags: FLAGS,
  async run({ client, stdout }, { flags, args }) {
    const body: SwarmJoinRequest = present({
      ListenAddr: flags["listen-addr"] ?? DEFAULT_LISTEN_ADDRESS,
      AdvertiseAddr: flags["advertise-addr"] ?? "",
      DataPathAddr: flags["data-path-addr"] ?? "",
      RemoteAddrs: [...args],
      JoinToken: flags.token ?? "",
      Availability: flags.availability,
    });
    await client.call("POST", "/swarm/join", { body });
    const info = await client.call<SystemInfo>("GET", "/info");
    const role = info.Swarm?.ControlAvailable === true ? "manager" : "worker";
    printLine(stdout, `This node joined a swarm as a ${role}.`);
  },
});
