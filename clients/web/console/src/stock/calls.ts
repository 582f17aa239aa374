// The stock of products, by variant and place, and the calls behind it.
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { allPages } from "../data/useShopQuery";
import { readId, toId } from "../data/values";
import { shop } from "../shop";

/** The stock of a variant at a place. */
export interface StockLevel {
  productId: string;
  variantId: string;
  sku: string;
  locationId: string;
  location: string;
  onHand: number;
  reserved: number;
  available: number;
  /** Whether orders are served from there. */
  active: boolean;
}

export interface StockPlace {
  id: string;
  name: string;
}

const inventory = shop.of(InventoryService);

export async function readStock(productId: string, signal?: AbortSignal): Promise<{ total: number; levels: StockLevel[] }> {
  const stock = await inventory.getInventory({ productId: toId(productId) }, { signal });
  const levels = stock.levels.map(({ variantId, sku, locationId, location, onHand, reserved, available, active }) => ({
    productId,
    variantId: readId(variantId),
    sku,
    locationId: readId(locationId),
    location,
    onHand,
    reserved,
    available,
    active,
  }));
  return { total: stock.totalAvailable, levels };
}

export async function listPlaces(signal?: AbortSignal): Promise<StockPlace[]> {
  const all = await allPages((pageToken) => inventory.listLocations({ pageSize: 100, pageToken }, { signal }));
  return all.map(({ id, name }) => ({ id: readId(id), name: name ?? "" }));
}

export interface StockChange {
  productId: string;
  variantId: string;
  locationId: string;
  /** Whether units come and go, or were counted. */
  kind: "adjust" | "set";
  delta?: number | null;
  quantity?: number | null;
  /** What was available when the count was made. */
  expectedQuantity: number;
}

export function changeStock(change: StockChange, requestId: string) {
  const { kind, delta, quantity, expectedQuantity } = change;
  const place = { productId: toId(change.productId), variantId: toId(change.variantId), locationId: toId(change.locationId), requestId };
  if (kind === "adjust") return inventory.adjustInventory({ ...place, delta: delta ?? 0 });
  return inventory.setInventory({ ...place, quantity: quantity ?? undefined, expectedQuantity });
}

export interface StockTransfer {
  productId: string;
  variantId: string;
  fromLocationId: string;
  toLocationId: string;
  quantity: number | null;
}

export function transferStock(transfer: StockTransfer, requestId: string) {
  return inventory.transferStock({
    productId: toId(transfer.productId),
    variantId: toId(transfer.variantId),
    fromLocationId: toId(transfer.fromLocationId),
    toLocationId: toId(transfer.toLocationId),
    quantity: transfer.quantity ?? 0,
    requestId,
  });
}
