import { useQuery } from "@tanstack/react-query";
import { PointsEntry_Kind } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { day, money } from "../format";
import { shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";

const KINDS: Partial<Record<PointsEntry_Kind, string>> = {
  [PointsEntry_Kind.EARNED]: "Earned",
  [PointsEntry_Kind.REDEEMED]: "Redeemed",
  [PointsEntry_Kind.RETURNED]: "Given back",
  [PointsEntry_Kind.REVERSED]: "Taken back",
  [PointsEntry_Kind.ADJUSTED]: "Adjusted by the shop",
};

export function PointsPage() {
  useTitle("Points");
  const loyalty = useQuery({
    queryKey: ["mine", "loyalty"],
    queryFn: ({ signal }) => shop.promotions.getLoyalty({}, { signal }),
  });
  const entries = useQuery({
    queryKey: ["mine", "points"],
    queryFn: ({ signal }) => shop.promotions.listPoints({ pageSize: 50 }, { signal }),
  });
  return (
    <section>
      <h1>Points</h1>
      <Loaded query={loyalty}>
        {(points) => (
          <dl className="facts">
            <dt>Your points</dt>
            <dd>
              {String(points.points)}, worth {money(points.value)}
            </dd>
            {points.pendingPoints > 0n && (
              <>
                <dt>On their way</dt>
                <dd>{String(points.pendingPoints)}</dd>
              </>
            )}
            <dt>Tier</dt>
            <dd>{points.tier?.name}</dd>
            {points.nextTier && (
              <>
                <dt>To {points.nextTier.name}</dt>
                <dd>{String(points.pointsToNextTier)} more</dd>
              </>
            )}
          </dl>
        )}
      </Loaded>
      <h2>History</h2>
      <Loaded query={entries}>
        {({ items }) => (
          <ul className="rows">
            {items.length === 0 && <li>Nothing yet.</li>}
            {items.map((entry) => (
              <li key={String(entry.id)} className="row">
                <span>
                  {KINDS[entry.kind] ?? "Changed"}
                  {entry.reason !== "" && `: ${entry.reason}`}
                </span>
                <span>
                  {entry.points > 0n ? "+" : ""}
                  {String(entry.points)} · {day(entry.createTime)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
