import Card from "@mui/material/Card";
import CardContent from "@mui/material/CardContent";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { LocalesMenuButton, Notification, useLogin, useTranslate } from "react-admin";
import { SignInForm } from "./SignInForm";

export function SignInPage() {
  const translate = useTranslate();
  const login = useLogin();
  return (
    <Box component="main" sx={{ minHeight: "100vh", display: "grid", placeItems: "center", p: 2, bgcolor: "background.default" }}>
      <Card sx={{ width: "100%", maxWidth: "24rem" }}>
        <CardContent>
          <Box sx={{ display: "flex", justifyContent: "space-between", alignItems: "center", mb: 3 }}>
            <Typography variant="h5" component="h1">
              {translate("console.title")}
            </Typography>
            <LocalesMenuButton />
          </Box>
          <SignInForm send={(way) => login(way)} />
        </CardContent>
      </Card>
      <Notification />
    </Box>
  );
}
