// Coupons as records, and the calls behind them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Coupon, type CouponSchema, Tier_Level } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { type Amount, readAmount, readId, readPercent, readTime, toBasisPoints, toId, toMoney, toTime } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface CouponRecord extends ConsoleRecord {
  code: string;
  description: string;
  /** Which of the next two it takes off. */
  kind: "percent" | "amount";
  percent: number | null;
  amount: Amount | null;
  minPurchase: Amount | null;
  maxDiscount: Amount | null;
  validFrom: string | null;
  validUntil: string | null;
  active: boolean;
  minTier: keyof typeof Tier_Level | null;
  usageLimit: number;
  perUserLimit: number;
  usageCount: number;
  createTime: string | null;
}

export const calls: Calls<CouponRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const code = typeof filter["code"] === "string" ? filter["code"] : "";
    const page = await shop.promotions.listAllCoupons({ pageSize, pageToken, code }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await shop.promotions.getCoupon({ couponId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    return read(await shop.promotions.createCoupon({ coupon: write(values), requestId }));
  },

  async update(values, { requestId, paths }) {
    const coupon = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return read(await shop.promotions.updateCoupon({ coupon, updateMask: { paths }, requestId }));
  },

  fields: {
    kind: ["discount_basis_points", "discount_amount"],
    percent: "discount_basis_points",
    amount: "discount_amount",
  },
};

function read(coupon: Coupon): CouponRecord {
  const { discount } = coupon;
  return {
    id: readId(coupon.id),
    etag: coupon.etag,
    code: coupon.code,
    description: coupon.description ?? "",
    kind: discount.case === "discountAmount" ? "amount" : "percent",
    percent: discount.case === "discountBasisPoints" ? readPercent(discount.value) : null,
    amount: discount.case === "discountAmount" ? readAmount(discount.value) : null,
    minPurchase: readAmount(coupon.minPurchase),
    maxDiscount: readAmount(coupon.maxDiscount),
    validFrom: readTime(coupon.validFrom),
    validUntil: readTime(coupon.validUntil),
    active: coupon.active ?? true,
    minTier: coupon.minTier === undefined ? null : (Tier_Level[coupon.minTier] as keyof typeof Tier_Level),
    usageLimit: coupon.usageLimit ?? 0,
    perUserLimit: coupon.perUserLimit ?? 0,
    usageCount: coupon.usageCount,
    createTime: readTime(coupon.createTime),
  };
}

function write(values: Partial<CouponRecord>): MessageInitShape<typeof CouponSchema> {
  return {
    code: values.code ?? "",
    description: values.description ?? "",
    discount: discountOf(values),
    minPurchase: toMoney(values.minPurchase),
    maxDiscount: toMoney(values.maxDiscount),
    validFrom: toTime(values.validFrom),
    validUntil: toTime(values.validUntil),
    active: values.active ?? true,
    minTier: values.minTier ? Tier_Level[values.minTier] : undefined,
    usageLimit: values.usageLimit ?? 0,
    perUserLimit: values.perUserLimit ?? 0,
  };
}

function discountOf({ kind, percent, amount }: Partial<CouponRecord>): NonNullable<MessageInitShape<typeof CouponSchema>["discount"]> {
  const money = toMoney(amount);
  if (kind === "amount" && money !== undefined) return { case: "discountAmount", value: money };
  if (kind !== "amount" && percent != null) return { case: "discountBasisPoints", value: toBasisPoints(percent) };
  return { case: undefined };
}
