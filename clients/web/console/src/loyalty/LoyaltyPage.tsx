import Card from "@mui/material/Card";
import CardContent from "@mui/material/CardContent";
import Stack from "@mui/material/Stack";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import { Title, useTranslate } from "react-admin";
import { useShopQuery } from "../data/useShopQuery";
import { readPercent } from "../data/values";
import { CanSee } from "../ui/CanSee";
import { Loaded } from "../ui/Loaded";
import { Section } from "../ui/Section";
import { CustomerPoints } from "./CustomerPoints";
import { listTiers } from "./calls";

const T = "pages.loyalty";
const COLUMNS = ["name", "fromPoints", "discount", "benefits"] as const;

export default function LoyaltyPage() {
  const translate = useTranslate();
  return (
    <CanSee page="loyalty">
      <Title title={translate(`${T}.name`)} />
      <Stack spacing={2} sx={{ my: 2 }}>
        <Card>
          <CardContent>
            <CustomerPoints />
          </CardContent>
        </Card>
        <Card>
          <CardContent>
            <Tiers />
          </CardContent>
        </Card>
      </Stack>
    </CanSee>
  );
}

function Tiers() {
  const translate = useTranslate();
  const query = useShopQuery(["tiers"], listTiers);
  return (
    <>
      <Section title={`${T}.tiers`} hint={`${T}.tiersHint`} />
      <Loaded query={query}>
        {(tiers) => (
          <TableContainer>
            <Table size="small" aria-label={translate(`${T}.tiers`)}>
              <TableHead>
                <TableRow>
                  {COLUMNS.map((name) => (
                    <TableCell key={name}>{translate(`${T}.fields.${name}`)}</TableCell>
                  ))}
                </TableRow>
              </TableHead>
              <TableBody>
                {tiers.map(({ level, name, fromPoints, discountBasisPoints, benefits }) => (
                  <TableRow key={level}>
                    <TableCell>{name}</TableCell>
                    <TableCell>{fromPoints.toLocaleString()}</TableCell>
                    <TableCell>{readPercent(discountBasisPoints).toLocaleString()} %</TableCell>
                    <TableCell sx={{ minWidth: "16rem" }}>{benefits.join(" ")}</TableCell>
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          </TableContainer>
        )}
      </Loaded>
    </>
  );
}
