import { GetRecommendationsRequest_Context as Context } from "@sanset/client/gen/sanset/v1/recommend_pb.js";
import { Link } from "react-router";
import { Recommended } from "./product/Recommended";
import { useCategories } from "./search/useCategories";
import { useTitle } from "./ui/useTitle";

export function HomePage() {
  useTitle("");
  const { data: categories = [] } = useCategories();
  return (
    <>
      <h1 className="hidden">Sanset</h1>
      <Recommended title="For you" of={{ context: Context.HOMEPAGE }} eager />
      <Recommended title="Much bought now" of={{ trending: true }} />
      <section>
        <h2>All departments</h2>
        <ul className="departments">
          {categories.map((category) => (
            <li key={String(category.id)}>
              <Link to={`/c/${category.slug}`}>{category.name}</Link>
              <span>{category.children.slice(0, 3).map((child) => child.name).join(", ")}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
