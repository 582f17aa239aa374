"""The methods of the services, one per RPC, and one more to go through each list.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from google.protobuf import empty_pb2
from sanset.v1 import (
    auth_pb2,
    cart_pb2,
    category_pb2,
    inventory_pb2,
    model_metrics_pb2,
    model_pb2,
    order_pb2,
    order_service_pb2,
    payment_pb2,
    pricing_pb2,
    product_pb2,
    promotion_pb2,
    recommend_pb2,
    refund_pb2,
    segment_pb2,
    user_pb2,
    webhook_pb2,
    wishlist_pb2,
)

from sanset_client.rpc import Items, Stream, Unary


class UserMethods:
    """Keeps what users say about themselves: their profile, their addresses and how they pay."""

    get_me = Unary(user_pb2.GetMeRequest, user_pb2.User)
    update_me = Unary(user_pb2.UpdateMeRequest, user_pb2.User)
    list_addresses = Unary(user_pb2.ListAddressesRequest, user_pb2.ListAddressesResponse)
    iter_addresses = Items(user_pb2.ListAddressesRequest, user_pb2.Address, rpc="ListAddresses")
    create_address = Unary(user_pb2.CreateAddressRequest, user_pb2.Address)
    update_address = Unary(user_pb2.UpdateAddressRequest, user_pb2.Address)
    delete_address = Unary(user_pb2.DeleteAddressRequest, empty_pb2.Empty)
    list_payment_methods = Unary(user_pb2.ListPaymentMethodsRequest, user_pb2.ListPaymentMethodsResponse)
    add_payment_method = Unary(user_pb2.AddPaymentMethodRequest, user_pb2.PaymentMethod)
    delete_payment_method = Unary(user_pb2.DeletePaymentMethodRequest, empty_pb2.Empty)


class AuthMethods:
    """Registers users, signs them in and out, and keeps their sessions."""

    register = Unary(auth_pb2.RegisterRequest, user_pb2.User)
    login = Unary(auth_pb2.LoginRequest, auth_pb2.Tokens)
    refresh = Unary(auth_pb2.RefreshRequest, auth_pb2.Tokens)
    logout = Unary(auth_pb2.LogoutRequest, empty_pb2.Empty)
    list_sessions = Unary(auth_pb2.ListSessionsRequest, auth_pb2.ListSessionsResponse)
    iter_sessions = Items(auth_pb2.ListSessionsRequest, auth_pb2.Session, rpc="ListSessions")
    revoke_session = Unary(auth_pb2.RevokeSessionRequest, empty_pb2.Empty)


class CartMethods:
    """Fills a cart and calculates its cost."""

    get_cart = Unary(cart_pb2.GetCartRequest, cart_pb2.Cart)
    add_item = Unary(cart_pb2.AddItemRequest, cart_pb2.Cart)
    update_item = Unary(cart_pb2.UpdateItemRequest, cart_pb2.Cart)
    remove_item = Unary(cart_pb2.RemoveItemRequest, cart_pb2.Cart)
    clear_cart = Unary(cart_pb2.ClearCartRequest, cart_pb2.Cart)
    get_total = Unary(cart_pb2.GetTotalRequest, pricing_pb2.Totals)
    sync_cart = Unary(cart_pb2.SyncCartRequest, cart_pb2.Cart)
    apply_coupon = Unary(cart_pb2.ApplyCouponRequest, cart_pb2.Cart)
    remove_coupon = Unary(cart_pb2.RemoveCouponRequest, cart_pb2.Cart)
    redeem_points = Unary(cart_pb2.RedeemPointsRequest, cart_pb2.Cart)
    list_wishlist = Unary(wishlist_pb2.ListWishlistRequest, wishlist_pb2.ListWishlistResponse)
    iter_wishlist = Items(wishlist_pb2.ListWishlistRequest, wishlist_pb2.WishlistItem, rpc="ListWishlist")
    add_to_wishlist = Unary(wishlist_pb2.AddToWishlistRequest, wishlist_pb2.WishlistItem)
    remove_from_wishlist = Unary(wishlist_pb2.RemoveFromWishlistRequest, empty_pb2.Empty)
    move_to_cart = Unary(wishlist_pb2.MoveToCartRequest, cart_pb2.Cart)


class CatalogMethods:
    """Shows and manages products and categories."""

    get_product = Unary(product_pb2.GetProductRequest, product_pb2.Product)
    batch_get_products = Unary(product_pb2.BatchGetProductsRequest, product_pb2.BatchGetProductsResponse)
    list_products = Unary(product_pb2.ListProductsRequest, product_pb2.ListProductsResponse)
    iter_products = Items(product_pb2.ListProductsRequest, product_pb2.Product, rpc="ListProducts")
    create_product = Unary(product_pb2.CreateProductRequest, product_pb2.Product)
    update_product = Unary(product_pb2.UpdateProductRequest, product_pb2.Product)
    delete_product = Unary(product_pb2.DeleteProductRequest, empty_pb2.Empty)
    undelete_product = Unary(product_pb2.UndeleteProductRequest, product_pb2.Product)
    list_categories = Unary(category_pb2.ListCategoriesRequest, category_pb2.ListCategoriesResponse)
    get_category = Unary(category_pb2.GetCategoryRequest, category_pb2.Category)
    create_category = Unary(category_pb2.CreateCategoryRequest, category_pb2.Category)
    update_category = Unary(category_pb2.UpdateCategoryRequest, category_pb2.Category)
    delete_category = Unary(category_pb2.DeleteCategoryRequest, empty_pb2.Empty)
    export_products = Stream(product_pb2.ExportProductsRequest, httpbody_pb2.HttpBody)


class InventoryMethods:
    """Shows and counts the stock of products."""

    get_inventory = Unary(inventory_pb2.GetInventoryRequest, inventory_pb2.Inventory)
    set_inventory = Unary(inventory_pb2.SetInventoryRequest, inventory_pb2.Inventory)
    adjust_inventory = Unary(inventory_pb2.AdjustInventoryRequest, inventory_pb2.Inventory)


class ModelMethods:
    """Trains the models behind the recommendations, puts them into use and compares them."""

    train_model = Unary(model_pb2.TrainModelRequest, model_pb2.Training)
    watch_training = Stream(model_pb2.WatchTrainingRequest, model_pb2.Training)
    cancel_training = Unary(model_pb2.CancelTrainingRequest, model_pb2.Training)
    list_models = Unary(model_pb2.ListModelsRequest, model_pb2.ListModelsResponse)
    iter_models = Items(model_pb2.ListModelsRequest, model_pb2.Model, rpc="ListModels")
    get_model_metrics = Unary(model_pb2.GetModelMetricsRequest, model_metrics_pb2.ModelMetrics)
    activate_model = Unary(model_pb2.ActivateModelRequest, model_pb2.Model)
    start_experiment = Unary(model_pb2.StartExperimentRequest, model_pb2.Experiment)
    get_experiment = Unary(model_pb2.GetExperimentRequest, model_pb2.Experiment)
    end_experiment = Unary(model_pb2.EndExperimentRequest, model_pb2.Experiment)


class PaymentMethods:
    """Says how orders were paid, takes what payment gateways report, and keeps gift cards."""

    get_payment = Unary(payment_pb2.GetPaymentRequest, payment_pb2.Payment)
    receive_payment_webhook = Unary(
        payment_pb2.ReceivePaymentWebhookRequest, payment_pb2.ReceivePaymentWebhookResponse
    )
    list_payment_alerts = Unary(payment_pb2.ListPaymentAlertsRequest, payment_pb2.ListPaymentAlertsResponse)
    iter_payment_alerts = Items(
        payment_pb2.ListPaymentAlertsRequest, payment_pb2.PaymentAlert, rpc="ListPaymentAlerts"
    )
    close_payment_alert = Unary(payment_pb2.ClosePaymentAlertRequest, payment_pb2.PaymentAlert)
    create_gift_card = Unary(payment_pb2.CreateGiftCardRequest, payment_pb2.GiftCard)
    get_gift_card_balance = Unary(payment_pb2.GetGiftCardBalanceRequest, payment_pb2.GiftCard)


class OrderMethods:
    """Places orders, moves them and tracks them live."""

    preview_checkout = Unary(
        order_service_pb2.PreviewCheckoutRequest, order_service_pb2.PreviewCheckoutResponse
    )
    checkout = Unary(order_service_pb2.CheckoutRequest, order_service_pb2.CheckoutResponse)
    list_orders = Unary(order_service_pb2.ListOrdersRequest, order_service_pb2.ListOrdersResponse)
    iter_orders = Items(order_service_pb2.ListOrdersRequest, order_pb2.Order, rpc="ListOrders")
    get_order = Unary(order_service_pb2.GetOrderRequest, order_pb2.Order)
    update_order_status = Unary(order_service_pb2.UpdateOrderStatusRequest, order_pb2.Order)
    track_order = Stream(order_service_pb2.TrackOrderRequest, order_service_pb2.TrackOrderResponse)
    get_tracking = Unary(order_service_pb2.GetTrackingRequest, order_pb2.Tracking)
    list_pending_orders = Unary(
        order_service_pb2.ListPendingOrdersRequest, order_service_pb2.ListOrdersResponse
    )
    iter_pending_orders = Items(
        order_service_pb2.ListPendingOrdersRequest, order_pb2.Order, rpc="ListPendingOrders"
    )
    export_orders = Stream(order_service_pb2.ExportOrdersRequest, httpbody_pb2.HttpBody)


class PromotionMethods:
    """Manages coupons, and says where users stand in the loyalty programme."""

    list_coupons = Unary(promotion_pb2.ListCouponsRequest, promotion_pb2.ListCouponsResponse)
    iter_coupons = Items(promotion_pb2.ListCouponsRequest, promotion_pb2.Coupon, rpc="ListCoupons")
    list_all_coupons = Unary(promotion_pb2.ListAllCouponsRequest, promotion_pb2.ListCouponsResponse)
    iter_all_coupons = Items(promotion_pb2.ListAllCouponsRequest, promotion_pb2.Coupon, rpc="ListAllCoupons")
    create_coupon = Unary(promotion_pb2.CreateCouponRequest, promotion_pb2.Coupon)
    update_coupon = Unary(promotion_pb2.UpdateCouponRequest, promotion_pb2.Coupon)
    list_tiers = Unary(promotion_pb2.ListTiersRequest, promotion_pb2.ListTiersResponse)
    get_loyalty = Unary(promotion_pb2.GetLoyaltyRequest, promotion_pb2.Loyalty)
    list_points = Unary(promotion_pb2.ListPointsRequest, promotion_pb2.ListPointsResponse)
    iter_points = Items(promotion_pb2.ListPointsRequest, promotion_pb2.PointsEntry, rpc="ListPoints")
    adjust_points = Unary(promotion_pb2.AdjustPointsRequest, promotion_pb2.Loyalty)


class RecommendMethods:
    """Recommends products and learns from every purchase."""

    get_recommendations = Unary(recommend_pb2.GetRecommendationsRequest, recommend_pb2.RecommendationList)
    get_reorder = Unary(recommend_pb2.GetReorderRequest, recommend_pb2.ReorderList)
    get_similar_products = Unary(recommend_pb2.GetSimilarProductsRequest, recommend_pb2.RecommendationList)
    get_frequently_bought_together = Unary(
        recommend_pb2.GetFrequentlyBoughtTogetherRequest, recommend_pb2.RecommendationList
    )
    get_trending = Unary(recommend_pb2.GetTrendingRequest, recommend_pb2.RecommendationList)
    track_event = Unary(recommend_pb2.TrackEventRequest, recommend_pb2.TrackEventResponse)
    get_history = Unary(recommend_pb2.GetHistoryRequest, recommend_pb2.GetHistoryResponse)
    iter_history = Items(recommend_pb2.GetHistoryRequest, recommend_pb2.BehaviorEvent, rpc="GetHistory")


class RefundMethods:
    """Cancels orders, pays them back and takes goods back."""

    cancel_order = Unary(refund_pb2.CancelOrderRequest, order_pb2.Order)
    refund_order = Unary(refund_pb2.RefundOrderRequest, refund_pb2.Refund)
    list_refunds = Unary(refund_pb2.ListRefundsRequest, refund_pb2.ListRefundsResponse)
    request_return = Unary(refund_pb2.RequestReturnRequest, refund_pb2.Return)
    list_returns = Unary(refund_pb2.ListReturnsRequest, refund_pb2.ListReturnsResponse)
    iter_returns = Items(refund_pb2.ListReturnsRequest, refund_pb2.Return, rpc="ListReturns")
    approve_return = Unary(refund_pb2.ApproveReturnRequest, refund_pb2.Return)
    reject_return = Unary(refund_pb2.RejectReturnRequest, refund_pb2.Return)
    receive_return = Unary(refund_pb2.ReceiveReturnRequest, refund_pb2.Return)


class SegmentMethods:
    """Groups customers by rules and by training, and tells admins what each group has in common."""

    list_segments = Unary(segment_pb2.ListSegmentsRequest, segment_pb2.ListSegmentsResponse)
    iter_segments = Items(segment_pb2.ListSegmentsRequest, segment_pb2.Segment, rpc="ListSegments")
    create_segment = Unary(segment_pb2.CreateSegmentRequest, segment_pb2.Segment)
    get_segment = Unary(segment_pb2.GetSegmentRequest, segment_pb2.Segment)
    delete_segment = Unary(segment_pb2.DeleteSegmentRequest, empty_pb2.Empty)
    analyze_segment = Unary(segment_pb2.AnalyzeSegmentRequest, segment_pb2.SegmentAnalysis)
    list_segment_members = Unary(
        segment_pb2.ListSegmentMembersRequest, segment_pb2.ListSegmentMembersResponse
    )
    iter_segment_members = Items(
        segment_pb2.ListSegmentMembersRequest, segment_pb2.SegmentMember, rpc="ListSegmentMembers"
    )


class WebhookMethods:
    """Registers webhook endpoints for orders, and shows the deliveries to them."""

    create_webhook_endpoint = Unary(webhook_pb2.CreateWebhookEndpointRequest, webhook_pb2.WebhookEndpoint)
    list_webhook_endpoints = Unary(
        webhook_pb2.ListWebhookEndpointsRequest, webhook_pb2.ListWebhookEndpointsResponse
    )
    update_webhook_endpoint = Unary(webhook_pb2.UpdateWebhookEndpointRequest, webhook_pb2.WebhookEndpoint)
    delete_webhook_endpoint = Unary(webhook_pb2.DeleteWebhookEndpointRequest, empty_pb2.Empty)
    list_webhook_deliveries = Unary(
        webhook_pb2.ListWebhookDeliveriesRequest, webhook_pb2.ListWebhookDeliveriesResponse
    )
    iter_webhook_deliveries = Items(
        webhook_pb2.ListWebhookDeliveriesRequest, webhook_pb2.WebhookDelivery, rpc="ListWebhookDeliveries"
    )
    replay_webhook_delivery = Unary(webhook_pb2.ReplayWebhookDeliveryRequest, webhook_pb2.WebhookDelivery)
