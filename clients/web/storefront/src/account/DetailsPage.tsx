import { useState } from "react";
import { queries, shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { useTitle } from "../ui/useTitle";
import { SignedIn } from "./SignedIn";

export function DetailsPage() {
  useTitle("Details");
  const [done, setDone] = useState("");

  async function saveName(values: Values, etag: string) {
    await shop.users.updateMe({ user: { fullName: values.text("user.full_name"), phone: values.text("user.phone"), etag } });
    await queries.invalidateQueries({ queryKey: ["user"] });
    setDone("Your details were saved.");
  }

  async function changePassword(values: Values) {
    await shop.auth.changePassword({
      currentPassword: values.secret("current_password"),
      newPassword: values.secret("new_password"),
    });
    setDone("Your password was changed. Your other devices were signed out.");
  }

  return (
    <SignedIn>
      {(user) => (
        <section className="narrow">
          <h1>Details</h1>
          {done !== "" && (
            <p className="note" role="status">
              {done}
            </p>
          )}
          <p>{user.email}</p>
          <Form key={user.etag} send={(values) => saveName(values, user.etag)} label="Save">
            <Field label="Full name" name="user.full_name" defaultValue={user.fullName} autoComplete="name" required />
            <Field label="Telephone" name="user.phone" type="tel" defaultValue={user.phone} autoComplete="tel" />
          </Form>
          <h2>Another password</h2>
          <Form key={done} send={changePassword} label="Change the password">
            <Field label="Current password" name="current_password" type="password" autoComplete="current-password" required />
            <Field label="New password" name="new_password" type="password" autoComplete="new-password" required />
          </Form>
        </section>
      )}
    </SignedIn>
  );
}
