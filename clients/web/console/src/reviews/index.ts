import RateReviewIcon from "@mui/icons-material/RateReview";
import { ReviewService } from "@sanset/client/gen/sanset/v1/review_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listAllReviews, moderateReview } = ReviewService.method;

/** What buyers say of products; whoever moderates may also delete. */
export const reviews = defineResource({
  name: "reviews",
  icon: RateReviewIcon,
  group: "customers",
  messages: { en, de },
  access: { list: listAllReviews, moderate: moderateReview, delete: moderateReview },
  calls,
  pages: { list: lazy(() => import("./ReviewList")) },
  title: "title",
});
