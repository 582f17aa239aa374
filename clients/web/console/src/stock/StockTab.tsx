import SwapHorizIcon from "@mui/icons-material/SwapHoriz";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useCanAccess, useTranslate } from "react-admin";
import { useShopQuery } from "../data/useShopQuery";
import type { ProductRecord } from "../products/calls";
import { Loaded } from "../ui/Loaded";
import { StockDialog } from "./StockDialog";
import { TransferDialog } from "./TransferDialog";
import { type StockLevel, listPlaces, readStock } from "./calls";

const T = "resources.stock";

export function StockTab({ product }: { product: ProductRecord }) {
  const translate = useTranslate();
  const query = useShopQuery(["stock", product.id], (signal) => readStock(product.id, signal));
  const { data: places = [] } = useShopQuery(["places"], listPlaces);
  const { canAccess: mayTransfer } = useCanAccess({ resource: "stock", action: "transfer" });
  const [changed, setChanged] = useState<StockLevel>();
  const [isMoving, setMoving] = useState(false);
  return (
    <Loaded query={query}>
      {({ total, levels }) => (
        <>
          <Typography sx={{ mb: 2 }}>{translate(`${T}.total`, { smart_count: total })}</Typography>
          {levels.length === 0 ? <Typography>{translate(`${T}.empty`)}</Typography> : <Levels levels={levels} onChange={setChanged} />}
          {mayTransfer && places.length > 1 && levels.length > 0 && (
            <Button startIcon={<SwapHorizIcon />} sx={{ mt: 2 }} onClick={() => setMoving(true)}>
              {translate(`${T}.transfer`)}
            </Button>
          )}
          {changed && <StockDialog level={changed} onClose={() => setChanged(undefined)} />}
          {isMoving && <TransferDialog levels={levels} places={places} onClose={() => setMoving(false)} />}
        </>
      )}
    </Loaded>
  );
}

const COLUMNS = ["onHand", "reserved", "available"] as const;

function Levels({ levels, onChange }: { levels: readonly StockLevel[]; onChange: (level: StockLevel) => void }) {
  const translate = useTranslate();
  const { canAccess: mayChange } = useCanAccess({ resource: "stock", action: "edit" });
  return (
    <TableContainer>
      <Table size="small" aria-label={translate(`${T}.name`, 2)}>
        <TableHead>
          <TableRow>
            <TableCell>{translate(`${T}.fields.variantId`)}</TableCell>
            <TableCell>{translate(`${T}.fields.location`)}</TableCell>
            {COLUMNS.map((name) => (
              <TableCell key={name} align="right">
                {translate(`${T}.fields.${name}`)}
              </TableCell>
            ))}
            <TableCell />
          </TableRow>
        </TableHead>
        <TableBody>
          {levels.map((level) => (
            <TableRow key={`${level.variantId} ${level.locationId}`}>
              <TableCell>{level.sku}</TableCell>
              <TableCell>
                {level.location} {!level.active && <Chip size="small" label={translate(`${T}.inactive`)} />}
              </TableCell>
              {COLUMNS.map((name) => (
                <TableCell key={name} align="right">
                  {level[name]}
                </TableCell>
              ))}
              <TableCell align="right">
                {mayChange && (
                  <Button
                    size="small"
                    aria-label={`${translate(`${T}.change`)}: ${translate(`${T}.changeTitle`, { sku: level.sku, place: level.location })}`}
                    onClick={() => onChange(level)}
                  >
                    {translate(`${T}.change`)}
                  </Button>
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}
