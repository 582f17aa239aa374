// A purchase from registering to delivery: walk [TARGET]. The commands that make gen/ are in docs/clients.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include <grpcpp/grpcpp.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sanset/v1/auth.grpc.pb.h"
#include "sanset/v1/cart.grpc.pb.h"
#include "sanset/v1/catalog.grpc.pb.h"
#include "sanset/v1/order_service.grpc.pb.h"
#include "sanset/v1/recommend.grpc.pb.h"
#include "sanset/v1/user.grpc.pb.h"

namespace v1 = sanset::v1;

namespace {

// The context of one call, with a deadline and, after signing in, the access token.
std::unique_ptr<grpc::ClientContext> context(const std::string& token, int seconds = 10) {
  auto made = std::make_unique<grpc::ClientContext>();
  made->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  if (!token.empty()) made->AddMetadata("authorization", "Bearer " + token);
  return made;
}

void check(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_code() << " " << status.error_message() << "\n";
  std::exit(1);
}

std::string uuid() {
  std::random_device random;
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%08x%04x", random(), random() & 0xffff, random() & 0xfff,
                0x8000 | (random() & 0x3fff), random(), random() & 0xffff);
  return text;
}

std::string reason_of(const grpc::Status& refusal) {
  google::rpc::Status rich;
  rich.ParseFromString(refusal.error_details());
  for (const auto& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace

int main(int count, char** arguments) {
  const std::string target = count > 1 ? arguments[1] : "localhost:50051";
  auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  auto auth = v1::AuthService::NewStub(channel);
  auto cart = v1::CartService::NewStub(channel);
  auto orders = v1::OrderService::NewStub(channel);

  v1::RegisterRequest registration;
  registration.set_full_name("Walker");
  registration.set_email("walker-" + uuid() + "@example.com");
  registration.set_password("walk-the-shop-1");
  v1::User user;
  check(auth->Register(context("").get(), registration, &user));
  v1::LoginRequest login;
  login.set_email(registration.email());
  login.set_password(registration.password());
  v1::Tokens tokens;
  check(auth->Login(context("").get(), login, &tokens));
  const std::string& me = tokens.access_token();

  v1::CreateAddressRequest address;
  address.mutable_address()->set_line1("1 Main Street");
  address.mutable_address()->set_city("Springfield");
  address.mutable_address()->set_country("US");
  v1::Address saved;
  check(v1::UserService::NewStub(channel)->CreateAddress(context(me).get(), address, &saved));
  v1::ListProductsRequest list;
  list.set_page_size(1);
  v1::ListProductsResponse page;
  check(v1::CatalogService::NewStub(channel)->ListProducts(context("").get(), list, &page));
  v1::AddItemRequest item;
  item.set_product_id(page.items(0).id());
  item.set_quantity(2);
  v1::Cart full;
  check(cart->AddItem(context(me).get(), item, &full));

  // One purchase is one request id, however often it is sent.
  v1::CheckoutRequest purchase;
  purchase.set_payment_method(v1::Payment::CARD);
  purchase.set_request_id(uuid());
  *purchase.mutable_expected_total() = full.totals().total();
  v1::CheckoutResponse first, again;
  check(orders->Checkout(context(me).get(), purchase, &first));
  check(orders->Checkout(context(me).get(), purchase, &again));
  std::cout << "order " << first.order_id() << std::endl;
  std::cout << "the same again: " << std::boolalpha << (again.order_id() == first.order_id()) << ", paid by "
            << v1::Payment::Method_Name(first.order().payment().method()) << std::endl;

  v1::TrackOrderRequest track;
  track.set_order_id(first.order_id());
  auto stream_context = context(me, 60);
  auto stream = orders->TrackOrder(stream_context.get(), track);
  for (v1::TrackOrderResponse message; stream->Read(&message);) {
    if (message.has_event()) {
      std::cout << "step " << message.event().sequence() << " " << v1::Order::Status_Name(message.event().status())
                << std::endl;
    } else if (message.has_end()) {
      std::cout << "end " << v1::Order::Status_Name(message.end().status()) << std::endl;
    }
  }
  check(stream->Finish());

  v1::GetRecommendationsRequest ask;
  ask.set_limit(3);
  v1::GetRecommendationsResponse list_of_products;
  check(v1::RecommendService::NewStub(channel)->GetRecommendations(context(me).get(), ask, &list_of_products));
  item.set_quantity(1000000);
  std::cout << "refused " << reason_of(cart->AddItem(context(me).get(), item, &full)) << std::endl;
}
