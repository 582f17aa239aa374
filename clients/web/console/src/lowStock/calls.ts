// Variants of which few are left.
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { readId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface LowStockRecord extends ConsoleRecord {
  productId: string;
  sku: string;
  name: string;
  available: number;
}

const inventory = shop.of(InventoryService);

export const calls: Calls<LowStockRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const threshold = Number(filter["threshold"] ?? 0) || 0;
    const page = await inventory.listLowStock({ pageSize, pageToken, threshold }, { signal });
    const items = page.items.map(({ productId, variantId, sku, name, available }) => ({
      id: readId(variantId),
      productId: readId(productId),
      sku,
      name,
      available,
    }));
    return { items, nextPageToken: page.nextPageToken };
  },
};
