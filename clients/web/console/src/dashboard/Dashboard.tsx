import Loading from "@mui/material/CircularProgress";
import { Title } from "react-admin";
import Box from "@mui/material/Box";
import { User_Role } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { useQuery } from "@tanstack/react-query";
import { analytics } from "../report/service";
import { currentUser, mayCall } from "../session/user";
import { Failure } from "../ui/Failure";
import { ShopDashboard } from "./ShopDashboard";
import { VendorDashboard } from "./VendorDashboard";
import { Welcome } from "./Welcome";

/** What its user begins with: the shop's figures, a vendor's own, or for others the pages that they have. */
export default function Dashboard() {
  const { data: kind, error } = useQuery({ queryKey: ["dashboard-kind"], queryFn: kindOf });
  return (
    <Box sx={{ py: 2, minWidth: 0 }}>
      <Title title="console.menu.dashboard" />
      {error !== null && <Failure failure={error} />}
      {error === null && kind === undefined && <Loading />}
      {kind === "shop" && <ShopDashboard />}
      {kind === "vendor" && <VendorDashboard />}
      {kind === "none" && <Welcome />}
    </Box>
  );
}

async function kindOf(): Promise<"shop" | "vendor" | "none"> {
  if (await mayCall(analytics.getDashboard)) return "shop";
  return (await currentUser()).role === User_Role.VENDOR ? "vendor" : "none";
}
