# A purchase from registering to delivery: ruby -I gen walk.rb [TARGET]. The commands that make gen/ are in docs/clients.md.
require "securerandom"
require "google/protobuf/well_known_types"
require "google/rpc/error_details_pb"
require "sanset/v1/auth_services_pb"
require "sanset/v1/cart_services_pb"
require "sanset/v1/catalog_services_pb"
require "sanset/v1/order_service_services_pb"
require "sanset/v1/recommend_services_pb"
require "sanset/v1/user_services_pb"

include Sanset::V1

$stdout.sync = true
target = ARGV.fetch(0, "localhost:50051")
auth, catalog, cart, orders, recommend, users =
  [AuthService, CatalogService, CartService, OrderService, RecommendService, UserService]
  .map { |service| service::Stub.new(target, :this_channel_is_insecure, timeout: 10) }

email, password = "walker-#{SecureRandom.hex(6)}@example.com", "walk-the-shop-1"
auth.register(RegisterRequest.new(full_name: "Walker", email: email, password: password))
tokens = auth.login(LoginRequest.new(email: email, password: password))
me = { metadata: { "authorization" => "Bearer #{tokens.access_token}" } }

address = Address.new(line1: "1 Main Street", city: "Springfield", country: "US")
users.create_address(CreateAddressRequest.new(address: address), **me)
product = catalog.list_products(ListProductsRequest.new(page_size: 1)).items.first
full = cart.add_item(AddItemRequest.new(product_id: product.id, quantity: 2), **me)

# One purchase is one request id, however often it is sent.
purchase = CheckoutRequest.new(payment_method: :CARD, request_id: SecureRandom.uuid, expected_total: full.totals.total)
order = orders.checkout(purchase, **me).order
again = orders.checkout(purchase, **me).order
puts "order #{order.id}"
puts "the same again: #{again.id == order.id}, paid by #{order.payment["method"]}"

orders.track_order(TrackOrderRequest.new(order_id: order.id), deadline: Time.now + 60, **me).each do |message|
  case message.content
  when :event then puts "step #{message.event.sequence} #{message.event.status}"
  when :end then puts "end #{message.end.status}"
  end
end

recommend.get_recommendations(GetRecommendationsRequest.new(limit: 3), **me)
begin
  cart.add_item(AddItemRequest.new(product_id: product.id, quantity: 1_000_000), **me)
rescue GRPC::BadStatus => refusal
  info = refusal.to_rpc_status.details.find { |detail| detail.is(Google::Rpc::ErrorInfo) }
  puts "refused #{info.unpack(Google::Rpc::ErrorInfo).reason}"
end
