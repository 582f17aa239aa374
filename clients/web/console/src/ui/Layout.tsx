// The frame of every page.
import type { ReactNode } from "react";
import { AppBar, Layout as RaLayout, TitlePortal, UserMenu, useGetIdentity } from "react-admin";
import { SessionEndDialog } from "../session/SessionEndDialog";
import { Menu } from "./Menu";

export function Layout({ children }: { children: ReactNode }) {
  return (
    <RaLayout menu={Menu} appBar={Bar}>
      {children}
      <SessionEndDialog />
    </RaLayout>
  );
}

function Bar() {
  return (
    <AppBar color="primary" userMenu={<Account />}>
      <TitlePortal component="h1" />
    </AppBar>
  );
}

function Account() {
  const { identity } = useGetIdentity();
  return <UserMenu label={identity?.fullName ?? "ra.auth.user_menu"} />;
}
