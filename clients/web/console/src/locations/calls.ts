// The places that hold stock, as records, and the calls behind them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { type Location, type LocationSchema, Location_Kind } from "@sanset/client/gen/sanset/v1/location_pb.js";
import { readId, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface LocationRecord extends ConsoleRecord {
  name: string;
  kind: Exclude<keyof typeof Location_Kind, "KIND_UNSPECIFIED">;
  line1: string;
  line2: string;
  city: string;
  state: string;
  postalCode: string;
  country: string;
  active: boolean;
  priority: number;
}

/** Stock is here unless it is said to be elsewhere; it cannot be deleted. */
export const DEFAULT_LOCATION = "1";

const inventory = shop.of(InventoryService);

export const calls: Calls<LocationRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await inventory.listLocations({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await inventory.getLocation({ locationId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    return read(await inventory.createLocation({ location: write(values), requestId }));
  },

  async update(values, { requestId, paths }) {
    const location = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return read(await inventory.updateLocation({ location, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await inventory.deleteLocation({ locationId: toId(id), etag: etag ?? "", requestId });
  },
};

function read(location: Location): LocationRecord {
  return {
    id: readId(location.id),
    etag: location.etag,
    name: location.name ?? "",
    kind: location.kind === Location_Kind.STORE ? "STORE" : "WAREHOUSE",
    line1: location.line1 ?? "",
    line2: location.line2 ?? "",
    city: location.city ?? "",
    state: location.state ?? "",
    postalCode: location.postalCode ?? "",
    country: location.country ?? "",
    active: location.active ?? true,
    priority: location.priority ?? 0,
  };
}

function write(values: Partial<LocationRecord>): MessageInitShape<typeof LocationSchema> {
  return {
    name: values.name ?? "",
    kind: Location_Kind[values.kind ?? "WAREHOUSE"],
    line1: values.line1 ?? "",
    line2: values.line2 ?? "",
    city: values.city ?? "",
    state: values.state ?? "",
    postalCode: values.postalCode ?? "",
    country: values.country ?? "",
    active: values.active ?? true,
    priority: values.priority ?? 0,
  };
}
