import { readFileSync } from "node:fs";

import type { TSchema } from "@sinclair/typebox";
import { expect, test } from "vitest";
import { parse } from "yaml";

import {
  compareDescription,
  type Description,
} from "../../test/description/compare-description.js";
import { describeWithShared } from "../../test/setup/requirements.js";
import * as config from "./config.js";
import * as container from "./container-spec.js";
import * as driver from "./driver.js";
import * as endpoint from "./endpoint.js";
import * as events from "./events.js";
import * as mount from "./mount.js";
import * as network from "./network.js";
import * as node from "./node-spec.js";
import * as version from "./object-version.js";
import * as platform from "./platform.js";
import * as replies from "./replies.js";
import * as resources from "./resources.js";
import * as secret from "./secret.js";
import * as service from "./service-spec.js";
import * as swarm from "./swarm-spec.js";
import * as system from "./system.js";
import * as task from "./task.js";
import * as taskSpec from "./task-spec.js";
import * as tls from "./tls-info.js";

/** Every shape of the description that we have, under its name there. */
const SCHEMAS = {
  Commit: system.Commit,
  Config: config.Config,
  ConfigReference: network.ConfigReference,
  ConfigSpec: config.ConfigSpec,
  ContainerStatus: task.ContainerStatus,
  ContainerdInfo: system.ContainerdInfo,
  ClusterInfo: swarm.ClusterInfo,
  DeviceInfo: system.DeviceInfo,
  Driver: driver.Driver,
  EndpointPortConfig: endpoint.EndpointPortConfig,
  EndpointResource: network.EndpointResource,
  EndpointSpec: endpoint.EndpointSpec,
  EngineDescription: node.EngineDescription,
  ErrorResponse: replies.ErrorResponse,
  EventActor: events.EventActor,
  EventMessage: events.EventMessage,
  FirewallInfo: system.FirewallInfo,
  GenericResources: resources.GenericResources,
  HealthConfig: container.HealthConfig,
  IDResponse: replies.IDResponse,
  IPAM: network.IPAM,
  IPAMConfig: network.IPAMConfig,
  IPAMStatus: network.IPAMStatus,
  IndexInfo: system.IndexInfo,
  JoinTokens: swarm.JoinTokens,
  Limit: resources.Limit,
  LocalNodeState: system.LocalNodeState,
  ManagerStatus: node.ManagerStatus,
  Mount: mount.Mount,
  MountType: mount.MountType,
  NRIInfo: system.NRIInfo,
  Network: network.Network,
  NetworkAttachment: task.NetworkAttachment,
  NetworkAttachmentConfig: taskSpec.NetworkAttachmentConfig,
  NetworkCreateRequest: network.NetworkCreateRequest,
  NetworkCreateResponse: network.NetworkCreateResponse,
  NetworkInspect: network.NetworkInspect,
  NetworkPruneResponse: network.NetworkPruneResponse,
  NetworkStatus: network.NetworkStatus,
  NetworkSummary: network.NetworkSummary,
  Node: node.Node,
  NodeDescription: node.NodeDescription,
  NodeSpec: node.NodeSpec,
  NodeState: node.NodeState,
  NodeStatus: node.NodeStatus,
  ObjectVersion: version.ObjectVersion,
  PeerInfo: network.PeerInfo,
  PeerNode: system.PeerNode,
  Platform: platform.Platform,
  PluginPrivilege: taskSpec.PluginPrivilege,
  PluginsInfo: system.PluginsInfo,
  PortStatus: task.PortStatus,
  Reachability: node.Reachability,
  RegistryServiceConfig: system.RegistryServiceConfig,
  ResourceObject: resources.ResourceObject,
  Runtime: system.Runtime,
  Secret: secret.Secret,
  SecretSpec: secret.SecretSpec,
  Service: service.Service,
  ServiceCreateResponse: service.ServiceCreateResponse,
  ServiceSpec: service.ServiceSpec,
  ServiceUpdateResponse: service.ServiceUpdateResponse,
  SubnetStatus: network.SubnetStatus,
  Swarm: swarm.Swarm,
  SwarmInfo: system.SwarmInfo,
  SwarmInitRequest: swarm.SwarmInitRequest,
  SwarmJoinRequest: swarm.SwarmJoinRequest,
  SwarmSpec: swarm.SwarmSpec,
  SwarmUnlockRequest: swarm.SwarmUnlockRequest,
  SystemInfo: system.SystemInfo,
  SystemVersion: system.SystemVersion,
  TLSInfo: tls.TLSInfo,
  Task: task.Task,
  TaskSpec: taskSpec.TaskSpec,
  TaskState: task.TaskState,
  TaskStatus: task.TaskStatus,
  UnlockKeyResponse: swarm.UnlockKeyResponse,
} satisfies Record<string, TSchema>;

/** What the description names and we leave out, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "IDResponse.Id": "the engine writes ID",
  "NetworkAttachment.Network.Name": "the engine writes the cluster's own form: it is in Spec",
  "NetworkAttachment.Network.Id": "the engine writes ID",
  "NetworkAttachment.Network.Created": "the engine writes CreatedAt",
  "NetworkAttachment.Network.Scope": "in Spec",
  "NetworkAttachment.Network.Driver": "DriverState",
  "NetworkAttachment.Network.EnableIPv4": "the cluster's own form does not tell",
  "NetworkAttachment.Network.EnableIPv6": "Spec.IPv6Enabled",
  "NetworkAttachment.Network.IPAM": "IPAMOptions",
  "NetworkAttachment.Network.Internal": "in Spec",
  "NetworkAttachment.Network.Attachable": "in Spec",
  "NetworkAttachment.Network.Ingress": "in Spec",
  "NetworkAttachment.Network.ConfigFrom": "in Spec",
  "NetworkAttachment.Network.ConfigOnly": "a network that only configures others is never attached",
  "NetworkAttachment.Network.Options": "DriverState.Options",
  "NetworkAttachment.Network.Labels": "in Spec",
  "NetworkAttachment.Network.Peers": "only an engine's own network shows them",
  "TaskSpec.ContainerSpec.HealthCheck": "the engine and its clients spell it Healthcheck",
};

/**
 * What we have and the description does not name: mostly what the engine writes or its clients
 * send.
 */
const ADDED: Readonly<Record<string, string>> = {
  "IDResponse.ID": "what the engine writes",
  "NetworkAttachment.Network.CreatedAt": "the cluster's own form",
  "NetworkAttachment.Network.DriverState": "the cluster's own form",
  "NetworkAttachment.Network.ID": "the cluster's own form; Traefik and Prometheus read it",
  "NetworkAttachment.Network.IPAMOptions": "the cluster's own form",
  "NetworkAttachment.Network.Spec": "the cluster's own form",
  "NetworkAttachment.Network.UpdatedAt": "the cluster's own form",
  "NetworkAttachment.Network.Version": "the cluster's own form",
  "NodeDescription.Network": "ours: where networks must not be put, and where their packets go",
  "NodeSpec.DrainDeadline": "ours: skep node drain --deadline",
  "SwarmSpec.Orchestration.PlacementStrategy": "ours: skep swarm update --placement-strategy",
  "SwarmSpec.Orchestration.NodeAvoidance": "ours: skep swarm update --avoid-failures",
  "SwarmSpec.Orchestration.OrphanAfter": "ours: skep swarm update --orphan-after",
  "SwarmSpec.Orchestration.RestartBackOff": "ours: skep swarm update --back-off-limit",
  "SwarmSpec.Orchestration.StopPatience": "ours: skep swarm update --stop-patience",
  "SwarmSpec.Dispatcher.SilenceLimit": "ours: skep swarm update --silence-limit",
  "SwarmSpec.Dispatcher.SessionLimit": "ours: skep swarm update --session-limit",
  "SwarmSpec.Dispatcher.EngineLimit": "ours: skep swarm update --engine-limit",
  "SwarmSpec.Orchestration.Rebalance": "ours: skep swarm update --rebalance",
  "Service.RebalanceStatus": "ours: skep service rebalance",
  "ResourceObject.Pids": "ours: the scheduler counts the processes that a node can have",
  "Service.PreviousSpec": "what a rollback goes back to",
  "SwarmInfo.Warnings": "docker info prints them",
  "SwarmInitRequest.AutoLockManagers": "docker swarm init --autolock sends it",
  "SwarmInitRequest.Availability": "docker swarm init --availability sends it",
  "SwarmJoinRequest.Availability": "docker swarm join --availability sends it",
  "TaskSpec.ContainerSpec.Healthcheck": "what the engine and its clients write",
};

describeWithShared("the official description", "docker-api/swarm-openapi.yaml", (path) => {
  const description = parse(readFileSync(path, "utf8")) as Description;
  const differences = compareDescription(description, SCHEMAS);
  const meant = { ...LEFT_OUT, ...ADDED };

  test("names nothing that we lack or have otherwise, and we nothing that it lacks", () => {
    const unmeant = differences.filter((one) => !Object.hasOwn(meant, one.path));
    expect(unmeant.map(({ message }) => message)).toEqual([]);
  });

  test.each([
    ["missing", LEFT_OUT],
    ["added", ADDED],
  ])("the exceptions for what is %s are all needed", (what, exceptions) => {
    const needed = differences.filter((one) => one.what === what).map((one) => one.path);
    expect(Object.keys(exceptions).filter((one) => !needed.includes(one))).toEqual([]);
  });

  test("a property taken from a real schema is missed", () => {
    const { Replicas: _removed, ...others } = service.ReplicatedService.properties;
    const replicated = { ...service.ReplicatedService, properties: others };
    const mode = service.ServiceMode.properties;
    const spec = service.ServiceSpec.properties;
    const mutated = {
      ...service.ServiceSpec,
      properties: {
        ...spec,
        Mode: { ...service.ServiceMode, properties: { ...mode, Replicated: replicated } },
      },
    };
    const found = compareDescription(description, { ...SCHEMAS, ServiceSpec: mutated });
    expect(found.map((one) => one.path)).toContain("ServiceSpec.Mode.Replicated.Replicas");
  });
});
