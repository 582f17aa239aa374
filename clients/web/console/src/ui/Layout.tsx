// The frame of every page.
import { type ReactNode, useEffect } from "react";
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
  useEffect(nameDocument, []);
  return (
    <AppBar color="primary" userMenu={<Account />}>
      <TitlePortal component="h1" sx={{ overflow: "hidden", textOverflow: "ellipsis" }} />
    </AppBar>
  );
}

function Account() {
  const { identity } = useGetIdentity();
  return <UserMenu label={identity?.fullName ?? "ra.auth.user_menu"} />;
}

/** Names the browser's tab as the bar names the page. */
function nameDocument(): () => void {
  const title = document.getElementById("react-admin-title");
  const take = () => (document.title = [title?.textContent, "Sanset"].filter(Boolean).join(" · "));
  const observer = new MutationObserver(take);
  if (title !== null) observer.observe(title, { childList: true, characterData: true, subtree: true });
  take();
  return () => observer.disconnect();
}
