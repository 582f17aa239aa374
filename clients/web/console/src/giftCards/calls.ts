// Gift cards as records, and the calls behind them.
import { type GiftCard } from "@sanset/client/gen/sanset/v1/gift_card_pb.js";
import { type Amount, readAmount, readId, readTime, toId, toMoney, toTime } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface GiftCardRecord extends ConsoleRecord {
  lastFour: string;
  balance: Amount | null;
  expireTime: string | null;
  active: boolean;
  createTime: string | null;
}

export const calls: Calls<GiftCardRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await shop.payments.listGiftCards({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await shop.payments.getGiftCard({ giftCardId: toId(id) }, { signal }));
  },

  async update({ id, etag, active, expireTime }, { requestId, paths }) {
    const giftCard = { id: toId(id), etag: etag ?? "", active, expireTime: toTime(expireTime) };
    return read(await shop.payments.updateGiftCard({ giftCard, updateMask: { paths }, requestId }));
  },
};

/** Issues a card. Its code is told this once. */
export function issueGiftCard({ balance, expireTime }: Partial<GiftCardRecord>, requestId: string): Promise<GiftCard> {
  const giftCard = { balance: toMoney(balance), expireTime: toTime(expireTime) };
  return shop.payments.createGiftCard({ giftCard, requestId });
}

export async function checkGiftCard({ code }: { code: string }) {
  const { balance, expireTime, active } = await shop.payments.getGiftCardBalance({ code: code.trim() });
  return { balance: readAmount(balance), expireTime: readTime(expireTime), active };
}

function read(card: GiftCard): GiftCardRecord {
  return {
    id: readId(card.id),
    etag: card.etag,
    lastFour: card.lastFour,
    balance: readAmount(card.balance),
    expireTime: readTime(card.expireTime),
    active: card.active ?? true,
    createTime: readTime(card.createTime),
  };
}
