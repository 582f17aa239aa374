import CardGiftcardIcon from "@mui/icons-material/CardGiftcard";
import { PaymentService } from "@sanset/client/gen/sanset/v1/payment_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listGiftCards, getGiftCard, createGiftCard, updateGiftCard } = PaymentService.method;

/** Gift cards: they are issued in a dialog, which shows their code, and made inactive in place of being deleted. */
export const giftCards = defineResource({
  name: "gift-cards",
  icon: CardGiftcardIcon,
  group: "promotion",
  messages: { en, de },
  access: { list: listGiftCards, show: getGiftCard, create: createGiftCard, edit: updateGiftCard },
  calls,
  pages: { list: lazy(() => import("./GiftCardList")), edit: lazy(() => import("./GiftCardEdit")) },
  title: (record) => `…${record.lastFour}`,
});
