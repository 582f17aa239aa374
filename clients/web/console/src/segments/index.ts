import GroupsIcon from "@mui/icons-material/Groups";
import { SegmentService } from "@sanset/client/gen/sanset/v1/segment_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listSegments, getSegment, createSegment, updateSegment, deleteSegment } = SegmentService.method;

export const segments = defineResource({
  name: "segments",
  icon: GroupsIcon,
  group: "customers",
  messages: { en, de },
  access: { list: listSegments, show: getSegment, create: createSegment, edit: updateSegment, delete: deleteSegment },
  calls,
  pages: {
    list: lazy(() => import("./SegmentList")),
    show: lazy(() => import("./SegmentShow")),
    create: lazy(() => import("./SegmentCreate")),
    edit: lazy(() => import("./SegmentEdit")),
  },
  title: "name",
});
