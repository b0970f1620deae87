/**
 * The calls to etcd that the benchmark makes, on bare HTTP/2: a whole client of gRPC would take
 * more of the processor than etcd does for a put, and would so become what is measured.
 */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";

import protobuf from "protobufjs";

/** Of etcd's `rpc.proto`, what is used here. */
const SCHEMA = `
  syntax = "proto3";
  message PutRequest { bytes key = 1; bytes value = 2; }
  message StatusRequest {}
  message ResponseHeader { uint64 cluster_id = 1; uint64 member_id = 2; }
  message StatusResponse { ResponseHeader header = 1; uint64 leader = 4; }
`;
const { root } = protobuf.parse(SCHEMA, { keepCase: true });
/** Not compressed, and the message's length. */
const PREFIX_BYTES = 5;

export class EtcdConnection {
  readonly #session: ClientHttp2Session;

  constructor(address: string) {
    this.#session = connect(`http://${address}`);
    // Calls tell of it.
    this.#session.on("error", () => undefined);
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#call("/etcdserverpb.KV/Put", encoded("PutRequest", { key, value }));
  }

  async leads(): Promise<boolean> {
    const path = "/etcdserverpb.Maintenance/Status";
    const bytes = await this.#call(path, encoded("StatusRequest", {}));
    const type = root.lookupType("StatusResponse");
    const status = type.toObject(type.decode(bytes), { longs: String }) as {
      readonly header?: { readonly member_id?: string };
      readonly leader?: string;
    };
    return status.leader !== undefined && status.leader === status.header?.member_id;
  }

  close(): void {
    this.#session.destroy();
  }

  #call(path: string, body: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      const chunks: Buffer[] = [];
      let status: unknown;
      stream.on("response", (headers) => (status = headers["grpc-status"]));
      stream.on("trailers", (trailers: IncomingHttpHeaders) => (status = trailers["grpc-status"]));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", reject);
      stream.on("end", () => {
        if (status === "0") resolve(Buffer.concat(chunks).subarray(PREFIX_BYTES));
        else reject(new Error(`etcd answers ${path} with the status ${String(status)}`));
      });
      stream.end(body);
    });
  }
}

function encoded(type: string, message: object): Buffer {
  const payload = root.lookupType(type).encode(message).finish();
  const framed = Buffer.alloc(PREFIX_BYTES + payload.length);
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, PREFIX_BYTES);
  return framed;
}
