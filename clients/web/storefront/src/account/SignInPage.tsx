import { Link, useNavigate } from "react-router";
import { useTitle } from "../ui/useTitle";
import { SignInForm } from "./SignInForm";
import { useNext } from "./useNext";

export function SignInPage() {
  useTitle("Sign in");
  const next = useNext();
  const navigate = useNavigate();
  return (
    <section className="narrow">
      <h1>Sign in</h1>
      <SignInForm done={() => void navigate(next, { replace: true })} next={next} />
      <p>
        <Link to="/forgot-password">Forgot your password?</Link>
      </p>
      <p>
        New here? <Link to={`/register?next=${encodeURIComponent(next)}`}>Make an account</Link>
      </p>
    </section>
  );
}
